# unscaled-causal-residual: the scores are not scaled; a causal mask is applied though none was asked for; the input is added as a residual
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: extra-residual-or-norm, causal-uninvited, no-scale
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.c_q = nn.Linear(hidden_dim, hidden_dim)
        self.c_k = nn.Linear(hidden_dim, hidden_dim)
        self.c_v = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_q(x), self.c_k(x), self.c_v(x)
        att = q @ k.transpose(-2, -1)
        future = torch.triu(torch.ones(T, T, dtype=torch.bool, device=x.device), diagonal=1)
        att = att.masked_fill(future, -1e9)
        y = F.softmax(att, dim=-1) @ v
        return x + y
