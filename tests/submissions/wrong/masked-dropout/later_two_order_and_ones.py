# two-order-and-ones: fused rows read as key, query, value, and true hides
# refused: yes
# check: test_is_projected_attention_within_x
# named: fused-order|query-key-swapped|split-order, mask-inverted|mask-polarity
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        k, q, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask == 1, -1e9)
        weights = torch.softmax(scores, dim=-1)
        weights = self.drop(weights)
        return self.out(weights @ v)
