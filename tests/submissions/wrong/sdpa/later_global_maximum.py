# global-maximum: the maximum of all scores is subtracted instead of each row's, so rows far below it underflow to 0 / 0
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
# named: maximum-of-the-wrong-axis
import math
import torch


def softmax(x):
    z = x - x.max()
    e = torch.exp(z)
    return e / torch.sum(e, dim=-1, keepdim=True)


def scaled_dot_product_attention(q, k, v, mask=None):
    """Attention from scratch, numerically stable."""
    d_k = k.shape[-1]
    s = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        s = s.masked_fill(mask == 0, float("-inf"))
    return torch.matmul(softmax(s), v)
