# kata: sdpa
# verdict: banned_call
# why: the operator itself, by torch.ops
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    attend = torch.ops.aten.scaled_dot_product_attention.default
    return attend(query, key, value, mask if mask is None else mask != 0)
