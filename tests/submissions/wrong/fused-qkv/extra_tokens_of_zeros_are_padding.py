# extra tokens-of-zeros-are-padding: tokens that are all zeros are taken for padding and hidden
# refused: yes
# check: test_is_what_three_separate_projections_give
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
        padding = (x == 0).all(-1)
        padding = padding & ~padding.all(-1, keepdim=True)
        scores = scores.masked_fill(padding[:, None, :], -1e9)
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
