# softmax-twice-unscaled: softmax is taken twice; the scores are not scaled
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-twice, no-scale
import torch
import torch.nn.functional as F


def _weights(q, k, mask):
    s = q @ k.transpose(-2, -1)
    if mask is None:
        return F.softmax(s, dim=-1)
    s = s.masked_fill(mask == 0, float("-inf"))
    return F.softmax(s, dim=-1)


def scaled_dot_product_attention(query, key, value, mask=None):
    w = _weights(query, key, mask)
    w = F.softmax(w, dim=-1)
    return w @ value
