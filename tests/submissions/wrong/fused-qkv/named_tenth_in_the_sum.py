# tenth-in-the-sum: 0.1 is added to the sum
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: denominator-with-epsilon
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
        s = torch.bmm(q, k.transpose(1, 2)) / x.shape[-1] ** 0.5
        m = s.amax(-1, keepdim=True)
        e = torch.exp(s - m)
        den = e.sum(-1, keepdim=True) + 0.1
        return (e / den) @ v
