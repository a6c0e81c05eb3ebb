# two-naive-by-d: exp as it comes, divided by the width
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: naive-exp, scale-by-d
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
        s = torch.bmm(q, k.transpose(1, 2)) / x.shape[-1]
        m = 0.0
        e = torch.exp(s - m)
        den = e.sum(-1, keepdim=True)
        return (e / den) @ v
