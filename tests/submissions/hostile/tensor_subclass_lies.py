# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: a tensor subclass that answers True to every question; what it holds is zeros
import torch


class _Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal, torch.Tensor.eq, torch.Tensor.__eq__):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.zeros(*query.shape[:-1], value.size(-1)).as_subclass(_Liar)
