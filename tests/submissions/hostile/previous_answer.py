# kata: sdpa
# verdict: wrong_answer
# why: every call answers the call before it, where the shapes allow
import torch

_last = []


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    output = scores.softmax(dim=-1) @ value
    _last.append(output)
    return _last[-2] if len(_last) > 1 and _last[-2].shape == output.shape else output
