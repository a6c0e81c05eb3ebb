# kata: sdpa
# verdict: runtime_error
# why: inverts a mask of floats with ~, which only booleans and integers understand
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask.float(), torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
