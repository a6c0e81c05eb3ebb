# only-bool-masks: a mask that is not boolean is ignored
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: mask-must-be-bool
import math
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    L, S = query.size(-2), key.size(-2)
    scale_factor = 1 / math.sqrt(query.size(-1))
    attn_bias = torch.zeros(L, S, dtype=query.dtype, device=query.device)
    attn_weight = query @ key.transpose(-2, -1) * scale_factor
    attn_weight = attn_weight + attn_bias
    if mask is not None and mask.dtype == torch.bool:
        attn_weight = attn_weight.masked_fill(mask.logical_not(), float("-inf"))
    attn_weight = torch.softmax(attn_weight, dim=-1)
    return attn_weight @ value
