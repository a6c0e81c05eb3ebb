# extra: x is added to what it gathers
# refused: yes
# check: test_is_softmax_of_products_times_x
# named: residual-inside
import torch


def dot_attention(query, key, value):
    weights = torch.softmax(query @ key.transpose(-2, -1), dim=-1)
    return query + weights @ value
