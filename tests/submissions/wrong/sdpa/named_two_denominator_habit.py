# two-denominator-habit: the sum is held constant, and a triangle applied
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: denominator-detached, causal-by-habit
import torch


def softmax(x):
    m = x.max(-1, keepdim=True).values
    e = torch.exp(x - m)
    return e / e.sum(-1, keepdim=True).detach()


def scaled_dot_product_attention(q, k, v, mask=None):
    future = torch.ones(q.size(-2), k.size(-2), device=q.device).triu(1).bool()
    x = q @ k.transpose(-1, -2) / q.size(-1) ** 0.5
    if mask is not None:
        x = x.masked_fill(mask == 0, -torch.inf)
    x = x.masked_fill(future, -torch.inf)
    p = softmax(x)
    return p @ v
