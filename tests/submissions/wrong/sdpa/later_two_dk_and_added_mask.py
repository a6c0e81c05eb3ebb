# dk-and-added-mask: divided by d_k without the square root; the 0/1 mask is simply added to the scores
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-by-d, mask-added
import torch
import torch.nn as nn


def scaled_dot_product_attention(query, key, value, mask=None):
    dk = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / dk
    if mask is not None:
        scores = scores + mask.to(scores.dtype)
    weights = nn.Softmax(dim=-1)(scores)
    output = torch.matmul(weights, value)
    return output
