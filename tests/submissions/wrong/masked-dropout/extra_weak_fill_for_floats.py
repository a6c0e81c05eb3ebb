# extra weak-fill-for-floats: float masks go through (1 - mask) * -1e4, which scores of 1e4 overcome
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            if attention_mask.is_floating_point():
                scores = scores + (1 - attention_mask.to(scores.dtype)) * -1e4
            else:
                scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        weights = self.dropout(weights)
        return self.output_proj(weights @ value)
