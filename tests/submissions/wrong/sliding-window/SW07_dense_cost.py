# SW07 dense-cost: all pairs under a band
# refused: yes
# check: test_memory_grows_with_the_window_and_not_with_the_square
# named: dense-cost
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    i = torch.arange(S, device=query.device)
    band = (i[:, None] >= i) & (i[:, None] - i < window)
    scores = query @ key.mT / math.sqrt(d)
    return scores.masked_fill(~band, float("-inf")).softmax(-1) @ value
