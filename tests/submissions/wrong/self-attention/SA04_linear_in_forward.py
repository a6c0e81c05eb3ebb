# SA04 linear-in-forward: the projections are made anew in every call, nothing is ever learned
# refused: yes
import math

import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim

    def forward(self, x):
        D = self.hidden_dim
        query = nn.Linear(D, D)(x)
        key = nn.Linear(D, D)(x)
        value = nn.Linear(D, D)(x)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(D)
        return torch.matmul(scores.softmax(-1), value)
