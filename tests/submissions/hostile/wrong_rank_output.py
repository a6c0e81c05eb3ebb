# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: the right numbers with one axis too many: broadcasting must not excuse it
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    output = scores.softmax(dim=-1) @ value
    return output.unsqueeze(0)
