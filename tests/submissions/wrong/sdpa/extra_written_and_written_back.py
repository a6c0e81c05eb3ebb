# extra written-and-written-back: the mask is inverted in place for the fill, and inverted back
# refused: yes
# check: test_inputs_are_left_as_they_were
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        if mask.dtype == torch.bool:
            scores = scores.masked_fill(mask.logical_not_().clone(), -1e9)
            mask.logical_not_()
        else:
            scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
