# extra exp-in-training: in training softmax is plain exp over its sum, which overflows
# refused: yes
# check: test_scores_of_ten_thousand_stay_finite
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
        if self.training:
            weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
        else:
            weights = torch.softmax(scores, dim=-1)
        return weights @ value
