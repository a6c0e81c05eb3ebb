# axis-by-default: nn.Softmax without its axis
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-without-dim
import math

import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    attn = torch.nn.Softmax()(scores)
    return torch.matmul(attn, value)
