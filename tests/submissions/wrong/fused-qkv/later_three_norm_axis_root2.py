# three-norm-axis-root2: the input is normed, softmax over the queries, the root of twice the width
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: input-normalised, softmax-over-queries, scale-power
import math

import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        x = F.layer_norm(x, x.shape[-1:])
        d = x.size(-1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(2 * d)
        weights = torch.softmax(scores, dim=1)
        return weights @ v
