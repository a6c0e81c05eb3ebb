# kata: sdpa
# verdict: banned_call
# why: bound early in a functools.partial
import functools

import torch

_attend = functools.partial(torch.nn.functional.scaled_dot_product_attention, dropout_p=0.0)


def scaled_dot_product_attention(query, key, value, mask=None):
    return _attend(query, key, value, attn_mask=mask if mask is None else mask != 0)
