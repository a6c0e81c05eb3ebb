# style: leading dimensions flattened to one, torch.bmm, unflattened at the end
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    lead = query.shape[:-2]
    L, d_k = query.shape[-2:]
    S, d_v = value.shape[-2:]

    q = query.reshape(-1, L, d_k)
    k = key.reshape(-1, S, d_k)
    v = value.reshape(-1, S, d_v)

    scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(d_k)
    if mask is not None:
        # spell the broadcasting out, so that the mask can be flattened like the rest
        full = mask.expand(*lead, L, S).reshape(-1, L, S)
        scores = scores.masked_fill(full == 0, -1e9)
    attn = torch.softmax(scores, dim=2)
    return torch.bmm(attn, v).reshape(*lead, L, d_v)
