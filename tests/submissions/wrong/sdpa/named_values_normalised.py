# values-normalised: the values are brought to unit length
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: values-normalised
import math

import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    attn = F.softmax(scores, dim=-1)
    return torch.matmul(attn, F.normalize(value, dim=-1))
