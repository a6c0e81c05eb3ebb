# value-bias-forgotten: the bias of the value projection exists and is not added
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: bias-ignored
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.weight_q = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / hidden_dim)
        self.weight_k = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / hidden_dim)
        self.weight_v = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / hidden_dim)
        self.bias_q = nn.Parameter(torch.zeros(hidden_dim))
        self.bias_k = nn.Parameter(torch.zeros(hidden_dim))
        self.bias_v = nn.Parameter(torch.zeros(hidden_dim))

    def forward(self, x):
        q = x @ self.weight_q + self.bias_q
        k = x @ self.weight_k + self.bias_k
        v = x @ self.weight_v
        s = q @ k.transpose(1, 2) / self.hidden_dim ** 0.5
        return s.softmax(dim=-1) @ v
