# sequence-first: x is taken for (sequence, batch, features)
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: sequence-first
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        x = x.transpose(0, 1)
        d = x.size(-1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(scores, dim=-1)
        return (weights @ v).transpose(0, 1)
