# style: an epsilon of 1e-6 under the root of the sum of squares, a logarithm of the scale
import math

import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    log_scale = math.log(1 / temperature)
    q_len = (query.square().sum(-1, keepdim=True) + 1e-6).sqrt()
    k_len = (key.square().sum(-1, keepdim=True) + 1e-6).sqrt()
    scores = torch.einsum("...id,...jd->...ij", query / q_len, key / k_len) * math.exp(log_scale)
    if mask is not None:
        hidden = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device)
        scores = scores + hidden.masked_fill(mask == 0, -1e8)
    return torch.softmax(scores, -1) @ value
