# extra exp-with-leading-axes: with leading axes softmax is plain exp over its sum, which overflows
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    if scores.dim() > 2:
        weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
    else:
        weights = torch.softmax(scores, dim=-1)
    return weights @ value
