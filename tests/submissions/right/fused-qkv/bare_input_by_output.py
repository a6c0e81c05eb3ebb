# style: bare nn.Parameter of (D, 3D) used as x @ W_qkv + b_qkv, tensor_split
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        std = hidden_dim**-0.5
        self.W_qkv = nn.Parameter(torch.randn(hidden_dim, 3 * hidden_dim) * std)
        self.b_qkv = nn.Parameter(torch.zeros(3 * hidden_dim))
        self.inv_sqrt_d = std

    def forward(self, x):
        qkv = x @ self.W_qkv + self.b_qkv
        q, k, v = qkv.tensor_split(3, dim=-1)
        return ((q @ k.mT) * self.inv_sqrt_d).softmax(-1) @ v
