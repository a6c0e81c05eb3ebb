# gelu-values: the values go through a GELU
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: activation-on-projections
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.d = hidden_dim
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d)
        attn = F.softmax(scores, dim=-1)
        return torch.matmul(attn, F.gelu(v))
