# CO05 clamp-after-exp: the scale itself is clamped at log 100
# refused: yes
# check: test_scores_are_divided_by_the_temperature
# named: temperature-clamped
import math

import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    logit_scale = torch.tensor(1.0 / temperature).log()
    logit_scale = torch.clamp(logit_scale.exp(), max=math.log(100.0)).item()
    attn = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
    attn = attn * logit_scale
    if mask is not None:
        attn = attn.masked_fill(mask == 0, float("-inf"))
    return attn.softmax(dim=-1) @ value
