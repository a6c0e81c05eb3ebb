# kata: sdpa
# verdict: accepted
# why: prints its shapes on import and in every call, and is right
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    print("query", query.shape, "key", key.shape)
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value


print(scaled_dot_product_attention(*torch.ones(3, 1, 2, 4)))
