# two: the future is set to 0, and no softmax follows
# refused: yes
# check: test_weights_of_a_token_sum_to_one
# named: no-softmax, causal-uninvited
import torch


def dot_attention(x):
    return torch.tril(x @ x.mT) @ x
