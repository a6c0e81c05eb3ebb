# extra weak-fill-for-one-row: a mask with one row for all queries is filled with -1e4 only
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        fill = -1e4 if mask.dim() > 2 and mask.size(-2) == 1 else -1e9
        scores = scores.masked_fill(mask == 0, fill)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
