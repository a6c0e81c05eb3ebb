# extra weak-fill-for-floats: float masks go through (1 - mask) * -1e4, which scores of 1e4 overcome
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        if mask.is_floating_point():
            scores = scores + (1 - mask.to(scores.dtype)) * -1e4
        else:
            scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
