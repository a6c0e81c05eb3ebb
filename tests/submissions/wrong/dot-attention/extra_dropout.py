# extra: weights are dropped in every call
# refused: yes
# check: test_nothing_is_drawn
# named: random-answers
import torch


def dot_attention(x):
    weights = torch.softmax(x @ x.transpose(-2, -1), dim=-1)
    return torch.nn.functional.dropout(weights, 0.2) @ x
