# CO04 no-temperature: the cosines go into the softmax as they are
# refused: yes
# check: test_scores_are_divided_by_the_temperature
# named: no-temperature
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    norms = query.norm(dim=-1).unsqueeze(-1) * key.norm(dim=-1).unsqueeze(-2)
    cos = query @ key.transpose(-2, -1) / (norms + 1e-8)
    if mask is not None:
        cos = cos.masked_fill(mask == 0, -1e9)
    return torch.softmax(cos, dim=-1) @ value
