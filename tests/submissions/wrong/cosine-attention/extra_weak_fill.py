# extra: hidden scores of −100 lie among those of a cold softmax
# refused: yes
# check: test_hidden_keys_stay_hidden_at_any_temperature
# named: fill-too-weak
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = F.normalize(query, dim=-1, eps=1e-6) @ F.normalize(key, dim=-1, eps=1e-6).mT
    scores = scores / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -100.0)
    return torch.softmax(scores, dim=-1) @ value
