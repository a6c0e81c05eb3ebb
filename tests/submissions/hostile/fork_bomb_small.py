# kata: sdpa
# verdict: accepted | runtime_error
# why: twelve children that sleep 5 s and a right answer: refused by the kernel, or swept afterwards
import contextlib
import os
import time

import torch

_first = []


def _breed():
    for _ in range(12):
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)


def scaled_dot_product_attention(query, key, value, mask=None):
    if not _first:
        _first.append(1)
        with contextlib.suppress(OSError):
            _breed()
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
