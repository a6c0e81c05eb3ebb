# forgot-scale: the scores are not scaled
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: no-scale
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.W = nn.Linear(D, 3 * D)
        self.D = D

    def forward(self, x):
        P = self.W(x)
        q = P[..., :self.D]
        k = P[..., self.D:2 * self.D]
        v = P[..., 2 * self.D:]
        e = torch.baddbmm(torch.zeros(1, device=x.device, dtype=x.dtype), q, k.transpose(1, 2))
        return e.softmax(2).bmm(v)
