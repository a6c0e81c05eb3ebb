# AL01 slope-exponent: exponents from 0, the first slope is 1
# refused: yes
# check: test_slopes_of_a_power_of_two
# named: slopes-from-one
import math

import torch


def build_alibi(num_heads, length, device):
    closest = 2 ** math.floor(math.log2(num_heads))
    base = 2 ** (-(2 ** -(math.log2(closest) - 3)))
    slopes = base ** torch.arange(closest, dtype=torch.float32, device=device)
    if closest != num_heads:
        extra_base = 2 ** (-(2 ** -(math.log2(2 * closest) - 3)))
        remaining = min(closest, num_heads - closest)
        powers = torch.arange(1, 1 + 2 * remaining, 2, device=device)
        slopes = torch.cat([slopes, extra_base**powers])
    return slopes[:, None, None] * torch.arange(length, device=device)[None, None, :]


def alibi_attention(query, key, value):
    batch, heads, length, width = query.shape
    q, k, v = (t.reshape(batch * heads, length, t.size(-1)) for t in (query, key, value))
    alibi = build_alibi(heads, length, query.device).to(query.dtype).repeat(batch, 1, 1)
    scores = torch.baddbmm(alibi, q, k.transpose(1, 2), beta=1.0, alpha=1 / math.sqrt(width))
    causal = torch.ones(length, length, dtype=torch.bool, device=query.device).triu(1)
    scores = scores.masked_fill(causal, torch.finfo(scores.dtype).min)
    return torch.bmm(scores.softmax(-1), v).view(batch, heads, length, -1)
