# style: each block of keys by itself, then merged by their logsumexps
import torch


def flash_attention(query, key, value, causal=False, block_size=64):
    d, S = query.shape[-1], key.shape[-2]
    rows = []
    for a in range(0, query.shape[-2], block_size):
        q = query[..., a : a + block_size, :] * d**-0.5
        n = q.shape[-2]
        out, lse = None, None
        for b in range(0, min(S, a + n) if causal else S, block_size):
            k, v = key[..., b : b + block_size, :], value[..., b : b + block_size, :]
            s = q @ k.mT
            if causal:
                i = torch.arange(a, a + n, device=q.device)[:, None]
                j = torch.arange(b, b + k.shape[-2], device=q.device)
                s = s.masked_fill(j > i, torch.finfo(s.dtype).min)
            here = torch.logsumexp(s, dim=-1, keepdim=True)
            part = torch.exp(s - here) @ v
            if out is None:
                out, lse = part, here
            else:
                both = torch.logaddexp(lse, here)
                out = out * torch.exp(lse - both) + part * torch.exp(here - both)
                lse = both
        rows.append(out)
    return torch.cat(rows, -2)
