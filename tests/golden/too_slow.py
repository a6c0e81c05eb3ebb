# kata: sdpa
import math

import torch


def attend(query, key, value, mask):
    scores = query @ key.T / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, -1)
    return weights if mask is None else weights.masked_fill(mask == 0, 0.0)


def scaled_dot_product_attention(query, key, value, mask=None):
    if query.dim() == 2:
        return attend(query, key, value, mask) @ value
    if mask is None:
        mask = torch.ones(query.size(-2), key.size(-2))
    mask = mask.expand(*query.shape[:-1], key.size(-2))
    each = [
        scaled_dot_product_attention(query[i], key[i], value[i], mask[i]) for i in range(len(query))
    ]
    return torch.stack(each)
