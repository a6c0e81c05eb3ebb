# mean-over-the-keys: the weighted values are averaged, by broadcasting, not added up
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: mean-not-sum, context-by-broadcast
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2) / math.sqrt(key.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    weighted = weights.unsqueeze(-1) * value.unsqueeze(-3)
    return weighted.mean(dim=-2)
