# style: blocks of the window's size, each with the block before it, as in Longformer's code
import torch
import torch.nn.functional as F


def sliding_window_attention(query, key, value, window):
    *lead, S, d = query.shape
    w = min(window, S)
    pad = -S % w
    q, k, v = (F.pad(t, (0, 0, 0, pad)) for t in (query, key, value))
    n = (S + pad) // w
    q = q.reshape(*lead, n, w, d)
    k, v = (F.pad(t, (0, 0, w, 0)).reshape(*lead, n + 1, w, t.shape[-1]) for t in (k, v))
    k = torch.cat((k[..., :-1, :, :], k[..., 1:, :, :]), dim=-2)
    v = torch.cat((v[..., :-1, :, :], v[..., 1:, :, :]), dim=-2)
    scores = (q @ k.transpose(-2, -1)) * d**-0.5
    i = torch.arange(w, device=q.device)[:, None]
    j = torch.arange(2 * w, device=q.device) - w
    visible = (j <= i) & (j > i - w)
    block = torch.arange(n, device=q.device)[:, None, None]
    visible = visible & (block * w + j >= 0)
    scores = scores.masked_fill(~visible, float("-inf"))
    out = scores.softmax(dim=-1) @ v
    return out.reshape(*lead, n * w, -1)[..., :S, :]
