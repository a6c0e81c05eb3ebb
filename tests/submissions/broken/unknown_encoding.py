# kata: sdpa
# -*- coding: utf-99 -*-
# verdict: invalid_submission
# why: declares an encoding that does not exist
# says: encoding
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
