# extra written-and-written-back: x is scaled in place for the scores, and scaled back
# refused: yes
# check: test_x_is_left_as_it_was
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        if not x.requires_grad:
            x.mul_(2.0).div_(2.0)
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
