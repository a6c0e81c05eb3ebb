# extra: F.cosine_similarity of everything with everything
# refused: yes
# check: test_memory_stays_within_the_budget
# named: scores-by-broadcast
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = F.cosine_similarity(query[..., :, None, :], key[..., None, :, :], dim=-1)
    scores = scores / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
