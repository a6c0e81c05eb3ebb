# two-queries-and-weak: softmax over the queries, hidden scores become -100
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-over-queries, fill-too-weak
import torch


def scaled_dot_product_attention(q, k, v, mask=None):
    att = q @ k.mT * q.size(-1) ** -0.5
    if mask is not None:
        att = att.masked_fill(mask == 0, -100.0)
    att = att.softmax(-2)
    return att @ v
