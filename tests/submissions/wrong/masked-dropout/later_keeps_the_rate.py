# keeps-the-rate: the rate is taken for what is kept
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: dropout-rate-swapped|rate-swapped|dropout-rate
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(1 - dropout_rate)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        weights = self.drop(weights)
        return self.out(weights @ v)
