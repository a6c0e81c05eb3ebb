# kata: sdpa
# verdict: invalid_submission | runtime_error
# why: asks a question while it is imported, and nobody is there
# says: eof
import torch

size = int(input("size? "))


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
