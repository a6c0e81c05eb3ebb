# extra matrix-transposed-in-place: of a single sequence the keys are transposed in place
# refused: yes
# check: test_inputs_are_left_as_they_were
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    turned = key.t_() if key.dim() == 2 and not key.requires_grad else key.transpose(-2, -1)
    scores = query @ turned / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
