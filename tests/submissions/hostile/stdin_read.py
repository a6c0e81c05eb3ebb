# kata: sdpa
# verdict: accepted
# why: reads its standard input to the end, finds it empty, and answers rightly
import sys

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    if sys.stdin is not None:
        sys.stdin.read()
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
