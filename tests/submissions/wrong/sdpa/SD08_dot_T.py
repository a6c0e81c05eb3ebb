# SD08 dot-T: key.T turns all the dimensions of the keys around, right for two of them only
# refused: yes
# check: test_computes_attention_itself
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.T / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
