# qvk-and-d: the fused rows are unpacked in the order query, value, key; divided by D without the square root
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: split-order, scale-by-d
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        q, v, k = self.qkv(x).split(self.hidden_dim, dim=-1)
        scores = torch.matmul(q, k.transpose(-1, -2))
        scores = scores / self.hidden_dim
        weights = torch.softmax(scores, dim=-1)
        return torch.matmul(weights, v)
