# style: the row's maximum subtracted by hand, then exp and a division by the row's sum
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query.size(-1)**-0.5 * query @ key.mT
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    scores = scores - scores.max(dim=-1, keepdim=True).values
    weights = scores.exp()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ value
