# extra loop-over-heads: one head after the other
# refused: yes
# check: test_keeps_up_with_the_reference
# named: loop-over-heads
import math

import torch


def alibi_attention(query, key, value):
    heads, length, width = query.shape[1:]
    n = 2 ** int(math.log2(heads))
    places = torch.arange(length, device=query.device)
    distance = places[:, None] - places
    outputs = []
    for h in range(heads):
        slope = 2 ** (-8 * (h + 1) / n) if h < n else 2 ** (-4 * (2 * (h - n) + 1) / n)
        scores = query[:, h] @ key[:, h].transpose(-2, -1) / math.sqrt(width) - slope * distance
        scores = scores.masked_fill(distance < 0, float("-inf"))
        outputs.append(torch.softmax(scores, dim=-1) @ value[:, h])
    return torch.stack(outputs, dim=1)
