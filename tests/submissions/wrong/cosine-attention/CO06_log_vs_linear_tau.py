# CO06 log-vs-linear-tau: the temperature is taken for the logarithm of a scale
# refused: yes
# check: test_scores_are_divided_by_the_temperature
# named: temperature-exponentiated
import math

import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    sim = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
    sim = sim * math.exp(temperature)
    if mask is not None:
        sim = sim.masked_fill(mask == 0, -1e9)
    return torch.softmax(sim, dim=-1) @ value
