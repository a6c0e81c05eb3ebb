# residual: the input is added to the output as a residual
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: extra-residual-or-norm
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        s = hidden_dim ** -0.5
        self.Wq = nn.Parameter(torch.randn(hidden_dim, hidden_dim) * s)
        self.Wk = nn.Parameter(torch.randn(hidden_dim, hidden_dim) * s)
        self.Wv = nn.Parameter(torch.randn(hidden_dim, hidden_dim) * s)
        self.s = s

    def forward(self, x):
        q = x @ self.Wq
        k = x @ self.Wk
        v = x @ self.Wv
        a = torch.softmax(q @ k.transpose(1, 2) * self.s, dim=2)
        return x + a @ v
