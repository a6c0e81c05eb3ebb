# extra: an epsilon of 1e-3 beside the norm
# refused: yes
# check: test_lengths_have_no_influence
# named: epsilon-too-large
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    q = query / (query.norm(dim=-1, keepdim=True) + 1e-3)
    k = key / (key.norm(dim=-1, keepdim=True) + 1e-3)
    scores = q @ k.transpose(-2, -1) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
