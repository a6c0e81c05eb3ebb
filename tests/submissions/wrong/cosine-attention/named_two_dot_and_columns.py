# two: dot products, and a softmax over the queries
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: dot-products, softmax-over-queries
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    scores = query @ key.transpose(-2, -1) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-2) @ value
