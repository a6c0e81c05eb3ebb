# SD04 scale-wrong-axis: takes the number of keys for d_k
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = key.size(-2)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    output = torch.matmul(weights, value)
    return output, weights
