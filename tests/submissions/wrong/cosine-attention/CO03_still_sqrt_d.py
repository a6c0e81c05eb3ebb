# CO03 still-sqrt-d: the root of the width stands beside the temperature
# refused: yes
# check: test_no_size_has_a_part_in_the_scores
# named: still-sqrt-d
import math

import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    d_k = query.shape[-1]
    qn = query / query.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    kn = key / key.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    scores = qn @ kn.mT / (math.sqrt(d_k) * temperature)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1) @ value
