# kata: sdpa
# verdict: runtime_error | wrong_answer
# why: moves everything to a GPU, whatever device it was given
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    query, key, value = query.cuda(), key.cuda(), value.cuda()
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
