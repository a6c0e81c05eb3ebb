# tenth-in-the-sum: 0.1 is added to the sum
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: denominator-with-epsilon
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
        den = e.sum(-1, keepdim=True) + 0.1
        return (e / den) @ v
