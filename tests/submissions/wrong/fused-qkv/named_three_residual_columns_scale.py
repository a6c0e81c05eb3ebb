# three-residual-columns-scale: x is added, softmax over the queries, scores multiplied
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: extra-residual-or-norm, softmax-over-queries, scale-multiplied
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.d = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = torch.matmul(q, k.transpose(-2, -1)) * math.sqrt(self.d)
        attn = F.softmax(scores, dim=1)
        return torch.matmul(attn, v) + x
