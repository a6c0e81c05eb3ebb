# CO01 wrong-dim: F.normalize takes axis 1 where it is not told
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: normalised-over-the-tokens
import torch
import torch.nn.functional as F


def cosine_attention(q, k, v, mask=None, temperature=0.1):
    scores = F.normalize(q) @ F.normalize(k).transpose(-2, -1) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return F.softmax(scores, dim=-1) @ v
