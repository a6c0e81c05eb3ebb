# extra blocks-not-windows: positions see their own block only
# refused: yes
# check: test_the_window_ends_where_it_should
# named: blocks-not-windows
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    w = min(window, S)
    i = torch.arange(S, device=query.device)
    idx = i[:, None] - torch.arange(w, device=query.device)
    hidden = (idx < 0) | (idx // w < (i // w)[:, None])
    scores = (query.unsqueeze(-2) @ key[..., idx.clamp(min=0), :].mT).squeeze(-2) / math.sqrt(d)
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return (weights.unsqueeze(-2) @ value[..., idx.clamp(min=0), :]).squeeze(-2)
