# FQ08 one-projection-reused: a single D -> D projection serves as query, key and value
# refused: yes
import math

import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q = k = v = self.qkv_proj(x)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.hidden_dim)
        return torch.bmm(torch.softmax(scores, dim=-1), v)
