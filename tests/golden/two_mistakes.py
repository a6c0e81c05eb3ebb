# kata: sdpa
import torch


def scaled_dot_product_attention(query, key, value, attn_mask=None):
    scores = query @ key.transpose(-2, -1)
    if attn_mask is not None:
        hidden = attn_mask == 0
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-2)
    if attn_mask is not None:
        weights = weights.masked_fill(hidden, 0.0)
    return weights @ value
