# SD01 no-scale: the scale is forgotten in the partial
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
from functools import partial

import torch


def general_attention(*, query, key, value, mask=None, scaled):
    scores = query @ key.transpose(-2, -1)
    if scaled:
        scores = scores / query.size(-1) ** 0.5
    if mask is not None:
        scores = torch.where(mask != 0, scores, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1) @ value


scaled_attention = partial(general_attention, scaled=False)
