# kata: sdpa
# verdict: wrong_answer
# why: a pair in the wrong order: what comes first is graded, and that is the weights
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    return weights, weights @ value
