# every-third-unscaled: every third row of the fused weight is taken for query, key and value (interleaved); the scores are not scaled
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: interleaved-layout, no-scale
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.linear = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        y = self.linear(x)
        q, k, v = y[..., 0::3], y[..., 1::3], y[..., 2::3]
        attention = torch.softmax(torch.matmul(q, k.transpose(1, 2)), dim=-1)
        return torch.matmul(attention, v)
