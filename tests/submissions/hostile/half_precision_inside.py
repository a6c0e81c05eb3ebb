# kata: sdpa
# verdict: wrong_answer
# why: computed in half precision and handed back as float32: about 1e-3 off
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    query, key, value = query.half(), key.half(), value.half()
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return (scores.softmax(dim=-1) @ value).float()
