# extra: exp of scores that a temperature of 0.01 makes 100
# refused: yes
# check: test_the_coldest_scores_stay_finite
# named: naive-exp
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    weights = torch.exp(F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).mT / temperature)
    if mask is not None:
        weights = weights * (mask != 0)
    return (weights / weights.sum(dim=-1, keepdim=True)) @ value
