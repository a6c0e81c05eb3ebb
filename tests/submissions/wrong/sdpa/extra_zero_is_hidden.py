# extra zero-is-hidden: scores are multiplied by the mask, and all that are 0 then count as hidden
# refused: yes
# check: test_attends_where_the_mask_is_true
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores * (mask != 0)
        scores = scores.masked_fill(scores == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
