# sum-under-no-grad: the sum of the softmax is held constant
# refused: yes
# check: test_gradients_reach_x_and_every_projection
# named: denominator-detached
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    """The softmax by hand."""

    def __init__(self, d):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)

    def forward(self, x):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        s = torch.bmm(q, k.transpose(1, 2)) / x.shape[-1] ** 0.5
        m = s.amax(-1, keepdim=True)
        e = torch.exp(s - m)
        den = e.detach().sum(-1, keepdim=True)
        return (e / den) @ v
