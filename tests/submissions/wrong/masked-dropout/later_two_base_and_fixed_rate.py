# two-base-and-fixed-rate: powers of two, and a rate of a tenth
# refused: yes
# check: test_is_projected_attention_within_x
# named: softmax-base-two, rate-hard-coded|dropout-rate
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = torch.softmax(scores * math.log(2), dim=-1)
        weights = self.drop(weights)
        return self.out(weights @ v)
