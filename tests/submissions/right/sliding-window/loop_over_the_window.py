# style: a loop over the few places of the window, shifted products side by side
import math

import torch


def shifted(t, n):
    return torch.cat((t.new_zeros(*t.shape[:-2], n, t.shape[-1]), t[..., : t.shape[-2] - n, :]), -2)


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    window = min(window, S)
    rows = torch.arange(S, device=query.device)
    scores = [(query * shifted(key, n)).sum(-1).masked_fill(rows < n, -math.inf) for n in range(window)]
    weights = torch.stack(scores, -1).div(math.sqrt(d)).softmax(-1)
    return sum(weights[..., n, None] * shifted(value, n) for n in range(window))
