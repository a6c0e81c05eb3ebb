# SD07 reshape-for-transpose: reshapes the keys to (..., d_k, S), which pairs the wrong numbers
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    *lead, S, d_k = key.shape
    key_t = key.reshape(*lead, d_k, S)
    scores = torch.matmul(query, key_t) / d_k**0.5
    if mask is not None:
        scores.masked_fill_(mask == 0, -1e9)
    return torch.matmul(scores.softmax(dim=-1), value)
