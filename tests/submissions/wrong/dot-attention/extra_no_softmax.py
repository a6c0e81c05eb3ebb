# extra: XXᵀX, no softmax at all
# refused: yes
# check: test_weights_of_a_token_sum_to_one
# named: no-softmax
import torch


def dot_attention(x):
    return x @ x.transpose(-2, -1) @ x
