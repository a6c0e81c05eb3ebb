# FL10 no-max: bare exponentials
# refused: yes
# check: test_scores_of_ten_thousand_stay_finite
# named: no-maximum
import math

import torch


def flash_attention(q, k, v, causal=False, block_size=64):
    L, d = q.shape[-2:]
    S = k.shape[-2]
    outs = []
    for i in range(0, L, block_size):
        qi = q[..., i : i + block_size, :] / math.sqrt(d)
        n = qi.shape[-2]
        m = qi.new_full((*qi.shape[:-1], 1), float("-inf"))
        l = qi.new_zeros((*qi.shape[:-1], 1))
        o = qi.new_zeros((*qi.shape[:-1], v.shape[-1]))
        for j in range(0, min(S, i + n) if causal else S, block_size):
            kj, vj = k[..., j : j + block_size, :], v[..., j : j + block_size, :]
            s = qi @ kj.transpose(-2, -1)
            if causal:
                row = torch.arange(i, i + n, device=q.device)[:, None]
                col = torch.arange(j, j + kj.shape[-2], device=q.device)
                s = s.masked_fill(col > row, float("-inf"))
            m_new = torch.maximum(m, s.amax(-1, keepdim=True))
            p = torch.exp(s)
            alpha = torch.ones_like(m)
            l = l * alpha + p.sum(-1, keepdim=True)
            o = o * alpha + p @ vj
            m = m_new
        outs.append(o / l)
    return torch.cat(outs, dim=-2)
