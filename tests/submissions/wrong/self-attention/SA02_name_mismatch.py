# SA02 name-mismatch: the layer is called w_q when built and query when used
# refused: yes
# check: test_computes_attention_itself
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.w_q = nn.Linear(hidden_dim, hidden_dim)
        self.w_k = nn.Linear(hidden_dim, hidden_dim)
        self.w_v = nn.Linear(hidden_dim, hidden_dim)
        self.d_k = hidden_dim

    def forward(self, x):
        Q = self.query(x)
        K = self.w_k(x)
        V = self.w_v(x)
        weights = torch.softmax(Q @ K.transpose(1, 2) / math.sqrt(self.d_k), dim=-1)
        return weights @ V
