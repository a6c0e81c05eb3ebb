# maximum-of-all: one maximum for the whole tensor is subtracted
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
# named: maximum-of-the-wrong-axis
import torch


def softmax(x):
    m = x.max()
    e = torch.exp(x - m)
    return e / e.sum(-1, keepdim=True)


def scaled_dot_product_attention(q, k, v, mask=None):
    x = q @ k.transpose(-1, -2) / q.size(-1) ** 0.5
    if mask is not None:
        x = x.masked_fill(~mask.bool(), -torch.inf)
    p = softmax(x)
    return p @ v
