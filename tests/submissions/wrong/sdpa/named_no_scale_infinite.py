# no-scale-infinite: no scale, beside -inf
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: no-scale
import torch


def scaled_dot_product_attention(q, k, v, mask=None):
    att = q @ k.mT
    if mask is not None:
        att = att.masked_fill(mask == 0, float("-inf"))
    att = att.softmax(-1)
    return att @ v
