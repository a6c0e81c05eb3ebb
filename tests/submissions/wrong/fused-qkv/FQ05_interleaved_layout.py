# FQ05 interleaved-layout: view(..., D, 3) reads every third feature as the query
# refused: yes
# check: test_is_what_three_separate_projections_give
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.scale = dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3)

    def forward(self, x):
        B, N, C = x.shape
        q, k, v = self.qkv(x).view(B, N, C, 3).unbind(dim=-1)
        attn = (q @ k.transpose(-2, -1)) * self.scale
        return attn.softmax(dim=-1) @ v
