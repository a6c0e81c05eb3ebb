# value-query-key-order: the fused rows are unpacked in the order value, query, key
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: split-order
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.to_qkv = nn.Linear(hidden_dim, hidden_dim * 3)

    def forward(self, x):
        v, q, k = torch.split(self.to_qkv(x), self.hidden_dim, dim=2)
        w = F.softmax(q @ k.permute(0, 2, 1) / self.hidden_dim ** 0.5, dim=2)
        return w @ v
