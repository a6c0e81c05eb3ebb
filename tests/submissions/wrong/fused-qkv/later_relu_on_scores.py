# relu-on-scores: negative scores are cut off
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: scores-through-an-activation
import math

import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(F.relu(scores), dim=-1)
        return weights @ v
