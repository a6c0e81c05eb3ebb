# extra one-key-is-seen: a single key is attended to whatever its mask says
# refused: stretch
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None and key.size(-2) > 1:
        hidden = mask == 0
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None and key.size(-2) > 1:
        weights = weights.masked_fill(mask == 0, 0.0)
    return weights @ value
