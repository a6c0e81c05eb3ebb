# extra looks-ahead: i … i + w − 1
# refused: yes
# check: test_what_lies_outside_the_window_has_no_influence
# named: looks-ahead
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    w = min(window, S)
    place = torch.arange(w, device=query.device)
    idx = torch.arange(S, device=query.device)[:, None] + place
    hidden = idx >= S
    idx = idx.clamp(min=0, max=S - 1)
    keys, values = key[..., idx, :], value[..., idx, :]
    scores = (query.unsqueeze(-2) * keys).sum(-1) / math.sqrt(d)
    scores = scores.masked_fill(hidden, float("-inf"))
    return (scores.softmax(-1).unsqueeze(-1) * values).sum(-2)
