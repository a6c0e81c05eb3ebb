# named: scores are capped at 7 by a tanh
# refused: yes
# check: test_scores_are_divided_by_the_temperature
# named: scores-squashed
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).mT / temperature
    scores = 7 * torch.tanh(scores / 7)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
