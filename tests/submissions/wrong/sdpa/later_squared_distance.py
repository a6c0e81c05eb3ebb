# squared-distance: keys are compared by their distance
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: distance-for-dot-product
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    near = -torch.cdist(query, key).pow(2) / math.sqrt(query.size(-1))
    if mask is not None:
        near = near.masked_fill(mask == 0, -1e9)
    return torch.softmax(near, dim=-1) @ value
