# bfloat-softmax: the scores go through the softmax in bfloat16, too coarse for float32
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: half-precision-inside
import math
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    attn_weights = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        attn_weights = attn_weights.masked_fill(mask == 0, float("-inf"))
    # save memory on long sequences
    attn_weights = F.softmax(attn_weights.to(torch.bfloat16), dim=-1)
    attn_weights = attn_weights.to(value.dtype)
    return torch.matmul(attn_weights, value)
