# late-scale-flipped-mask: the scale is applied to the weights after the softmax; the mask is read the wrong way round
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-after-softmax, mask-inverted
from math import sqrt
import torch


def scaled_dot_product_attention(q, k, v, m=None):
    s = q @ k.transpose(-1, -2)
    if m is not None:
        s = s.masked_fill(m != 0, float('-inf'))
    w = torch.softmax(s, -1) / sqrt(q.shape[-1])
    return w @ v
