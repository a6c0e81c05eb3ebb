# extra last-axis-of-one: a mask whose last axis is 1 loses it
# refused: yes
# check: test_computes_attention_itself
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        if mask.size(-1) == 1 and scores.size(-1) > 1:
            mask = mask.squeeze(-1)
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
