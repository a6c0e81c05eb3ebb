# kata: sdpa
# verdict: runtime_error
# why: bmm takes exactly three dimensions
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.bmm(query, key.transpose(1, 2)) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return torch.bmm(scores.softmax(dim=-1), value)
