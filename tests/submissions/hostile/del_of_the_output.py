# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: a wrong answer that leaves with status 0 as soon as it is let go
import os

import torch


class _Output(torch.Tensor):
    def __del__(self, leave=os._exit):
        leave(0)


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.zeros(*query.shape[:-1], value.size(-1)).as_subclass(_Output)
