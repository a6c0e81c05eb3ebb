# soft-cap-20: a soft cap of 20 on the scores
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scores-squashed
import torch


def scaled_dot_product_attention(q, k, v, mask=None):
    att = q @ k.mT * q.size(-1) ** -0.5
    if mask is not None:
        att = att.masked_fill(mask == 0, float("-inf"))
    att = (20 * (att / 20).tanh()).softmax(-1)
    return att @ v
