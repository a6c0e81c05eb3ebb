# style: keys gathered by an index tensor that is clamped, einsum
import math

import torch


def sliding_window_attention(q, k, v, window):
    S, d = q.shape[-2:]
    w = min(window, S)
    idx = torch.arange(S, device=q.device)[:, None] - torch.arange(w, device=q.device)
    hidden = idx < 0
    idx = idx.clamp(min=0)
    keys, values = k[..., idx, :], v[..., idx, :]
    scores = torch.einsum("...sd,...swd->...sw", q, keys) / math.sqrt(d)
    scores = scores.masked_fill(hidden, float("-inf"))
    return torch.einsum("...sw,...swd->...sd", scores.softmax(-1), values)
