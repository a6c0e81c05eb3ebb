# softmax-no-dim: softmax is called without a dim, so torch picks another axis than the keys
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-without-dim
import math
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    "Compute 'Scaled Dot Product Attention'"
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = F.softmax(scores)
    return torch.matmul(p_attn, value), p_attn
