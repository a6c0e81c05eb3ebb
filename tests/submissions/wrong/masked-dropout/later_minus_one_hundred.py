# minus-one-hundred: hidden scores lose 100
# refused: yes
# check: test_padding_has_no_influence_on_what_is_real
# named: fill-too-weak|weak-fill|penalty-too-weak
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.q = nn.Linear(hidden_dim, hidden_dim)
        self.k = nn.Linear(hidden_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores - 100.0 * (mask == 0).to(scores.dtype)
        weights = torch.softmax(scores, dim=-1)
        weights = self.drop(weights)
        return self.out(weights @ v)
