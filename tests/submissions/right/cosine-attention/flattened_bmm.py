# style: leading axes flattened for bmm, exp of a log-softmax
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    *lead, n, d = query.shape
    s, d_v = key.shape[-2], value.shape[-1]
    q, k, v = query.reshape(-1, n, d), key.reshape(-1, s, d), value.reshape(-1, s, d_v)
    q = q / q.norm(dim=2, keepdim=True).clamp_min(1e-7)
    k = k / k.norm(dim=2, keepdim=True).clamp_min(1e-7)
    scores = torch.bmm(q, k.permute(0, 2, 1)).mul(1 / temperature).reshape(*lead, n, s)
    if mask is not None:
        scores = scores.masked_fill(~(mask != 0), torch.finfo(scores.dtype).min / 2)
    weights = torch.log_softmax(scores, dim=-1).exp().reshape(-1, n, s)
    return torch.bmm(weights, v).reshape(*lead, n, d_v)
