# style: F.normalize with its own epsilon, einsum, hidden keys at minus infinity
import torch
import torch.nn.functional as F


def cosine_attention(q, k, v, mask=None, temperature=0.1):
    q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    sim = torch.einsum("...ld,...sd->...ls", q, k) / temperature
    if mask is not None:
        sim = sim.masked_fill(mask == 0, float("-inf"))
    return torch.einsum("...ls,...sv->...lv", sim.softmax(-1), v)
