# view-three-first: the fused output is viewed as (3, B, S, D) without a permute, so rows of the sequence become query, key and value
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: scrambled-layout
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.to_qkv = nn.Linear(hidden_dim, hidden_dim * 3)

    def forward(self, x):
        B, S, D = x.shape
        q, k, v = self.to_qkv(x).view(3, B, S, D)
        a = F.softmax(torch.bmm(q, k.transpose(1, 2)) / D ** 0.5, dim=-1)
        return torch.bmm(a, v)
