# kata: sdpa
# verdict: time_limit
# why: the counter is never advanced
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    rows, row = [], 0
    while row < query.size(-2):
        scores = query[..., row, :].unsqueeze(-2) @ key.transpose(-2, -1)
        rows = [scores.softmax(dim=-1) @ value]
    return torch.cat(rows, dim=-2)
