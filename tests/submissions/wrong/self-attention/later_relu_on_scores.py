# relu-on-scores: negative scores are cut off
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scores-through-an-activation
import math

import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(F.relu(scores), dim=-1)
        return weights @ v
