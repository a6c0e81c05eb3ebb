# SW08 flag-ignored: the window is taken and not used
# refused: yes
# check: test_the_window_ends_where_it_should
# named: window-ignored
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    i = torch.arange(S, device=query.device)
    scores = query @ key.mT / math.sqrt(d)
    return scores.masked_fill(i[:, None] < i, float("-inf")).softmax(-1) @ value
