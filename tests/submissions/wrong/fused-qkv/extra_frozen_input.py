# extra frozen-input: where x needs no gradient the weights are computed without one
# refused: yes
# check: test_gradients_reach_x_and_all_rows
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        weights = torch.softmax(scores, dim=-1)
        if not x.requires_grad:
            weights = weights.detach()
        return weights @ value
