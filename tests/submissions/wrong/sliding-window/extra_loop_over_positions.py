# extra loop-over-positions: one small attention for each position
# refused: yes
# check: test_keeps_up_with_a_padded_gather
# named: loop-over-positions
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    out = []
    for i in range(S):
        lo = max(0, i - window + 1)
        w = (query[..., i : i + 1, :] @ key[..., lo : i + 1, :].mT / math.sqrt(d)).softmax(-1)
        out.append(w @ value[..., lo : i + 1, :])
    return torch.cat(out, -2)
