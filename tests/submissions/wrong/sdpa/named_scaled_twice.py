# scaled-twice: query and scores are both divided by the root
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-by-d
import torch


def softmax(x):
    m = x.max(-1, keepdim=True).values
    e = torch.exp(x - m)
    return e / e.sum(-1, keepdim=True)


def scaled_dot_product_attention(q, k, v, mask=None):
    q = q / q.size(-1) ** 0.5
    x = q @ k.transpose(-1, -2) / q.size(-1) ** 0.5
    if mask is not None:
        x = x.masked_fill(~mask.bool(), -torch.inf)
    p = softmax(x)
    return p @ v
