# kata: sdpa
# verdict: wrong_answer | runtime_error | banned_call
# why: a tensor without storage that calls the library's attention only when it is looked at
import torch
from torch.utils._pytree import tree_map


class _Lazy(torch.Tensor):
    @staticmethod
    def __new__(cls, inputs, size):
        return torch.Tensor._make_wrapper_subclass(cls, size, dtype=inputs[0].dtype)

    def __init__(self, inputs, size):
        self.inputs = inputs

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        def fill(each):
            attend = torch.nn.functional.scaled_dot_product_attention
            return attend(*each.inputs) if isinstance(each, cls) else each

        return function(*tree_map(fill, args), **tree_map(fill, kwargs or {}))


def scaled_dot_product_attention(query, key, value, mask=None):
    return _Lazy((query, key, value, mask), (*query.shape[:-1], value.size(-1)))
