# kata: sdpa
# verdict: banned_call
# why: the name is put together at run time
import torch.nn.functional as functional


def scaled_dot_product_attention(query, key, value, mask=None):
    attend = getattr(functional, "_".join(["scaled", "dot", "product", "attention"]))
    return attend(query, key, value, mask if mask is None else mask != 0)
