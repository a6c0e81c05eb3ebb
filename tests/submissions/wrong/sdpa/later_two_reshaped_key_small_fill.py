# reshaped-key-small-fill: the key is reshaped to (d_k, S) instead of transposed; the mask's fill is -1e4 and does not hide at large scores
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: reshape-for-transpose, fill-too-weak
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    *lead, S, d_k = key.shape
    key_t = key.reshape(*lead, d_k, S)
    scores = torch.matmul(query, key_t) * (d_k ** -0.5)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e4)
    attention = F.softmax(scores, dim=-1)
    return torch.matmul(attention, value)
