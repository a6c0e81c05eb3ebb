# kata: sdpa
# verdict: accepted
# why: the right numbers, every other one of a storage of twice the size: dense, not contiguous
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    output = scores.softmax(dim=-1) @ value
    store = output.new_empty(*output.shape, 2)
    return store[..., 0].copy_(output)
