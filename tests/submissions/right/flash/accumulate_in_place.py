# style: an output allocated once, m, l and acc as in the paper, blocks of keys only
import math

import torch


def flash_attention(Q, K, V, causal=False, block_size=64):
    L, d = Q.shape[-2:]
    S = K.shape[-2]
    O = []
    for i0 in range(0, L, block_size):
        Qi = Q[..., i0 : i0 + block_size, :] / math.sqrt(d)
        r = Qi.shape[-2]
        m = torch.full((*Qi.shape[:-1],), float("-inf"), dtype=Q.dtype, device=Q.device)
        l = torch.zeros_like(m)
        acc = torch.zeros((*Qi.shape[:-1], V.shape[-1]), dtype=Q.dtype, device=Q.device)
        for j0 in range(0, S, block_size):
            if causal and j0 > i0 + r - 1:
                break
            s = Qi @ K[..., j0 : j0 + block_size, :].mT
            if causal:
                i = torch.arange(i0, i0 + r, device=Q.device)
                j = torch.arange(j0, j0 + s.shape[-1], device=Q.device)
                s = s.masked_fill(i[:, None] < j[None, :], float("-inf"))
            m_new = torch.maximum(m, s.max(dim=-1).values)
            p = torch.exp(s - m_new[..., None])
            alpha = torch.exp(m - m_new)
            l = alpha * l + p.sum(-1)
            acc = alpha[..., None] * acc + p @ V[..., j0 : j0 + block_size, :]
            m = m_new
        O.append(acc / l[..., None])
    return torch.cat(O, dim=-2)
