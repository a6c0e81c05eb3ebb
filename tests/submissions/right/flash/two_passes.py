# style: two passes over the keys: first the maximum, then the sums relative to it
import math

import torch


def flash_attention(q, k, v, is_causal=False, block=64):
    L, S = q.size(-2), k.size(-2)

    def score(i, j):
        s = q[..., i : i + block, :] @ k[..., j : j + block, :].transpose(-2, -1)
        s = s / math.sqrt(q.size(-1))
        if is_causal:
            rows = torch.arange(i, min(i + block, L), device=q.device)[:, None]
            s = s.masked_fill(torch.arange(j, min(j + block, S), device=q.device) > rows, -math.inf)
        return s

    result = []
    for i in range(0, L, block):
        top = torch.stack([score(i, j).amax(-1) for j in range(0, S, block)]).amax(0).unsqueeze(-1)
        total = context = 0
        for j in range(0, S, block):
            p = (score(i, j) - top).exp()
            total = total + p.sum(-1, keepdim=True)
            context = context + p @ v[..., j : j + block, :]
        result.append(context / total)
    return torch.cat(result, -2)
