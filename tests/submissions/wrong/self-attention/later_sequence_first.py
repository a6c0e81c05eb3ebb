# sequence-first: x is taken for (sequence, batch, features)
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: sequence-first
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x):
        x = x.transpose(0, 1)
        d = x.size(-1)
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(scores, dim=-1)
        return (weights @ v).transpose(0, 1)
