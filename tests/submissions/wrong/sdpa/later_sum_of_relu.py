# sum-of-relu: a relu over its sum, in which no scale can be seen
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: not-a-softmax
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    scores = torch.relu(scores)
    weights = scores / (scores.sum(dim=-1, keepdim=True) + 1e-9)
    return weights @ value
