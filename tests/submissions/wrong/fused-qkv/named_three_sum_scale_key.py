# three-sum-scale-key: the sum held constant, no scale, keys handed over
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: denominator-detached, no-scale, key-for-value
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    """The softmax by hand."""

    def __init__(self, d):
        super().__init__()
        self.proj = nn.Linear(d, 3 * d)

    def forward(self, x):
        w, b = self.proj.weight, self.proj.bias
        q, k, v = (x @ w.T + b).tensor_split(3, dim=-1)
        s = torch.bmm(q, k.transpose(1, 2)) / 1.0
        m = s.amax(-1, keepdim=True)
        e = torch.exp(s - m)
        den = e.sum(-1, keepdim=True).detach()
        return (e / den) @ k
