# kata: sdpa
# verdict: runtime_error
# why: a hook on the output raises as soon as anybody differentiates
# says: not today
import torch


def _refuse(gradient):
    raise ArithmeticError("not today")


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    output = scores.softmax(dim=-1) @ value
    if output.requires_grad:
        output.register_hook(_refuse)
    return output
