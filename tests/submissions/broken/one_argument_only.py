# kata: sdpa
# verdict: invalid_submission | runtime_error
# why: takes one argument, where three and a mask are given
import torch


def scaled_dot_product_attention(qkv):
    query, key, value = qkv
    return torch.softmax(query @ key.transpose(-2, -1), dim=-1) @ value
