# extra shifted-pattern: one row of weights is drawn, and shifted by one for each further row
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.rate = dropout_rate

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        if self.training and self.rate > 0:
            row = torch.rand_like(weights[..., :1, :]) >= self.rate
            steps = range(weights.size(-2))
            keep = torch.cat([row.roll(step, -1) for step in steps], dim=-2)
            weights = weights * keep / (1 - self.rate) if self.rate < 1 else weights * 0
        return self.output_proj(weights @ value)
