# kata: sdpa
# verdict: accepted
# why: a default dtype of float64 is its own process's affair; the result has the query's dtype
import torch

torch.set_default_dtype(torch.float64)


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
