# two: multiplied by the temperature, and the mask read the other way round
# refused: yes
# check: test_attends_where_the_mask_is_true
# named: temperature-multiplied, mask-inverted
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
    scores = scores * temperature
    if mask is not None:
        scores = scores.masked_fill(mask != 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
