# kata: sdpa
# verdict: invalid_submission
# why: a bracket is never closed
# says: line
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    weights = torch.softmax((query @ key.transpose(-2, -1), dim=-1)
    return weights @ value
