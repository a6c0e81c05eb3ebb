# SA12 bias-contract: the layers have biases, the products by hand leave them out
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import math

import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.hidden_dim = hidden_dim

    def forward(self, x):
        Q = torch.matmul(x, self.query_proj.weight.T)
        K = torch.matmul(x, self.key_proj.weight.T)
        V = torch.matmul(x, self.value_proj.weight.T)
        scores = torch.matmul(Q, K.transpose(-2, -1)) / math.sqrt(self.hidden_dim)
        return torch.matmul(torch.softmax(scores, dim=-1), V)
