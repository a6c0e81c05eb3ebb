# scale-of-64: the root of a d_k of 64 is written into the code
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-constant
import math

import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(64)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    attn = F.softmax(scores, dim=-1)
    return torch.matmul(attn, value)
