# FQ13 view-noncontiguous: view() across dimensions that permute() has pulled apart
# refused: yes
# check: test_computes_attention_itself
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        B, S, D = x.shape
        qkv = self.qkv(x).view(B, S, 3, D)
        qkv = qkv.permute(2, 0, 1, 3).view(3 * B, S, D)
        q, k, v = qkv[:B], qkv[B : 2 * B], qkv[2 * B :]
        scores = torch.bmm(q, k.transpose(1, 2)) / D**0.5
        return torch.bmm(torch.softmax(scores, dim=-1), v)
