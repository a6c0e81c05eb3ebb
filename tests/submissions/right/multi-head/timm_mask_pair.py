# style: timm qkv, permute, unbind; a causal_mask, key_padding_mask pair; float32 softmax
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, num_heads=8, attn_drop=0.0):
        super().__init__()
        assert dim % num_heads == 0, "dim should be divisible by num_heads"
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.25
        self.qkv = nn.Linear(dim, dim * 3, bias=False)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, causal_mask=None, key_padding_mask=None):
        """Both masks say 1 where a query may attend, and broadcast to (B, H, N, N)."""
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = (q * self.scale) @ (k * self.scale).transpose(-2, -1)
        for allowed in (causal_mask, key_padding_mask):
            if allowed is not None:
                attn = attn.masked_fill(allowed == 0, -1e9)
        attn = attn.softmax(dim=-1, dtype=torch.float32).to(x.dtype)
        attn = self.attn_drop(attn)
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj(x)
