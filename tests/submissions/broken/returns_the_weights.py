# kata: sdpa
# verdict: wrong_answer
# why: returns the weights instead of the context: (…, L, S) for (…, L, d_v)
# says: shape
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1)
