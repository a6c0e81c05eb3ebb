# SW06 zero-window: a window of 1 leaves nothing to be seen
# refused: yes
# check: test_the_window_ends_where_it_should
# named: off-by-one
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    w = min(max(window - 1, 1), S)
    place = torch.arange(-w + 1, 1, device=query.device)
    idx = torch.arange(S, device=query.device)[:, None] + place
    hidden = idx < 0
    idx = idx.clamp(min=0, max=S - 1)
    keys, values = key[..., idx, :], value[..., idx, :]
    scores = (query.unsqueeze(-2) * keys).sum(-1) / math.sqrt(d)
    scores = scores.masked_fill(hidden, float("-inf"))
    return (scores.softmax(-1).unsqueeze(-1) * values).sum(-2)
