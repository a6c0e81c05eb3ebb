# kata: sdpa
# verdict: runtime_error | wrong_answer | time_limit
# why: announces a frame of 2^64 bytes: the judge may neither allocate it nor wait for it
import contextlib
import os

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    for descriptor in range(3, 65):
        with contextlib.suppress(OSError):
            os.set_blocking(descriptor, False)
            os.write(descriptor, b"\xff" * 16)
    return torch.zeros(*query.shape[:-1], value.size(-1))
