# style: timm: qkv, reshape(B, N, 3, C).permute(2, 0, 1, 3), q, k, v = qkv
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim, qkv_bias=True):
        super().__init__()
        self.scale = dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, C).permute(2, 0, 1, 3)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * self.scale
        attn = attn.softmax(dim=-1)
        return attn @ v
