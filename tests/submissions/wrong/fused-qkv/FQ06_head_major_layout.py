# FQ06 head-major-layout: view(B, S, H, 3, d), the order of a per-head layout, here with H = 1
# refused: no - with a single head (B, S, H, 3, d) and (B, S, 3, H, d) are the same layout
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    num_heads = 1

    def __init__(self, hidden_dim):
        super().__init__()
        self.head_dim = hidden_dim // self.num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        B, S, D = x.shape
        qkv = self.qkv_proj(x).view(B, S, self.num_heads, 3, self.head_dim)
        q, k, v = (qkv[:, :, :, i].transpose(1, 2) for i in range(3))
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.head_dim), dim=-1)
        return (weights @ v).transpose(1, 2).reshape(B, S, D)
