# mask-zeroes-weights: the mask is applied after the softmax, so the weights no longer sum to one
# refused: yes
# check: test_weights_of_a_query_sum_to_one_over_the_keys
# named: mask-after-softmax
import torch
import torch.nn.functional as F
from math import sqrt


def scaled_dot_product_attention(query, key, value, mask=None):
    # similarity of every query with every key
    sim = query @ key.mT
    sim = sim / sqrt(key.size(-1))
    p_attn = F.softmax(sim, dim=-1)
    if mask is not None:
        p_attn = p_attn.masked_fill(mask == 0, 0.0)
    return p_attn @ value
