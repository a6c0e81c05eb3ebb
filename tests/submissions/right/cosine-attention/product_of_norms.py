# style: QKᵀ divided by the product of both norms afterwards, kept from 0 by a floor
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    norms = query.norm(dim=-1).unsqueeze(-1) * key.norm(dim=-1).unsqueeze(-2)
    cosines = torch.matmul(query, key.transpose(-1, -2)) / norms.clamp(min=1e-8)
    scores = cosines / temperature
    if mask is not None:
        scores = torch.where(mask.bool(), scores, torch.full_like(scores, -1e9))
    return torch.matmul(torch.softmax(scores, dim=-1), value)
