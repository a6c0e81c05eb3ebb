# two-decoder-and-width: a decoder's triangle, divided by the width
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: causal-by-habit, scale-by-d
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    L, S = query.size(-2), key.size(-2)
    scores = query @ key.transpose(-2, -1) / query.size(-1)
    scores = scores.masked_fill(torch.ones(L, S).tril() == 0, float("-inf"))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value
