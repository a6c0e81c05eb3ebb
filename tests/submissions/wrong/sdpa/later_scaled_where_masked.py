# scaled-where-masked: the division slipped into the branch of the mask
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-only-with-mask
import math

import torch
from torch.nn import functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores / math.sqrt(key.size(-1))
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return F.softmax(scores, dim=-1) @ value
