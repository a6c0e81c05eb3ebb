# kata: sdpa
# verdict: time_limit
# why: the answer is right, but differentiating it never ends
import time

import torch


def _stall(gradient):
    while True:
        time.sleep(0.1)


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    output = scores.softmax(dim=-1) @ value
    if output.requires_grad:
        output.register_hook(_stall)
    return output
