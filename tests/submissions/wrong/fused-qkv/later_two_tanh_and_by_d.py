# two-tanh-and-by-d: the projections go through tanh, the scores are divided by the width
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: activation-on-projections, scale-by-d
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = torch.split(self.in_proj(x), x.shape[-1], dim=-1)
        q, k, v = (torch.tanh(t) for t in (q, k, v))
        scores = q @ k.mT / d
        weights = torch.softmax(scores, dim=-1)
        return weights @ v
