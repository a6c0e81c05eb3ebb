# extra causal-by-block: rows and columns are counted within their blocks
# refused: yes
# check: test_the_causal_rule_holds_across_blocks
# named: causal-by-block
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
        for j in range(0, S, block_size):
            kj, vj = k[..., j : j + block_size, :], v[..., j : j + block_size, :]
            s = qi @ kj.transpose(-2, -1)
            if causal:
                row = torch.arange(n, device=q.device)[:, None]
                col = torch.arange(kj.shape[-2], device=q.device)
                s = s.masked_fill(col > row, float("-inf"))
            m_new = torch.maximum(m, s.amax(-1, keepdim=True))
            p = torch.exp(s - m_new)
            alpha = torch.exp(m - m_new)
            l = l * alpha + p.sum(-1, keepdim=True)
            o = o * alpha + p @ vj
            m = m_new
        outs.append(o / l)
    return torch.cat(outs, dim=-2)
