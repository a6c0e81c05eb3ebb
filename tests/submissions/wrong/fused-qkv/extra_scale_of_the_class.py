# extra scale-of-the-class: the scale is kept on the class: the layer built last decides
# refused: yes
# check: test_is_what_three_separate_projections_give
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        FusedSelfAttention.scale = math.sqrt(hidden_dim)
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / self.scale
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
