# extra padding-seen: what was padded has score 0 and weighs
# refused: yes
# check: test_is_attention_to_the_window
# named: padding-seen
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    w = min(window, S)
    place = torch.arange(-w + 1, 1, device=query.device)
    idx = torch.arange(S, device=query.device)[:, None] + place
    hidden = idx < 0
    idx = idx.clamp(min=0, max=S - 1)
    keys, values = key[..., idx, :], value[..., idx, :].masked_fill(hidden[..., None], 0.0)
    scores = (query.unsqueeze(-2) * keys).sum(-1) / math.sqrt(d)
    scores = scores.masked_fill(hidden, 0.0)
    return (scores.softmax(-1).unsqueeze(-1) * values).sum(-2)
