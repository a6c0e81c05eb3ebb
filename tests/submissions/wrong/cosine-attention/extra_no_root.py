# extra: the sum of squares stands for the length
# refused: yes
# check: test_lengths_have_no_influence
# named: squared-norms
import torch


def unit(x):
    return x / (x * x).sum(dim=-1, keepdim=True).clamp(min=1e-8)


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = torch.einsum("...id,...jd->...ij", unit(query), unit(key)) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.einsum("...ij,...jv->...iv", scores.softmax(-1), value)
