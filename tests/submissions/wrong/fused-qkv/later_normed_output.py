# normed-output: the context is layer-normed
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: extra-residual-or-norm|result-normalised
import math

import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = torch.split(self.in_proj(x), x.shape[-1], dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(scores, dim=-1)
        return F.layer_norm(weights @ v, (d,))
