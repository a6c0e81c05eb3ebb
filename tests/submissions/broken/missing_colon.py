# kata: sdpa
# verdict: invalid_submission
# why: a syntax error: the line and what is missing are to be named
# says: expected ':'
import torch


def scaled_dot_product_attention(query, key, value, mask=None)
    return torch.softmax(query @ key.transpose(-2, -1), dim=-1) @ value
