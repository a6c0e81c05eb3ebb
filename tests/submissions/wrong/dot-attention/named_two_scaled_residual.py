# two: divided by √D, and x is added
# refused: yes
# check: test_is_softmax_of_products_times_x
# named: scaled, residual-inside
import torch


def dot_attention(x):
    scores = x @ x.transpose(-2, -1) / x.size(-1) ** 0.5
    return x + torch.softmax(scores, dim=-1) @ x
