# SA09 projects-seq-axis: the projections run along the sequence, not along the features
# refused: yes
# check: test_computes_attention_itself
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.linear_q = nn.Linear(hidden_dim, hidden_dim)
        self.linear_k = nn.Linear(hidden_dim, hidden_dim)
        self.linear_v = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        x = x.transpose(1, 2)  # channels first
        q = self.linear_q(x).transpose(1, 2)
        k = self.linear_k(x).transpose(1, 2)
        v = self.linear_v(x).transpose(1, 2)
        scores = q @ k.transpose(1, 2) / math.sqrt(q.size(-1))
        return torch.softmax(scores, dim=-1) @ v
