# CM08 not-buffer: the triangle is a plain attribute, .to(device) leaves it where it was
# refused: stretch
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.0):
        super().__init__()
        if embed_dim % num_heads != 0:
            raise ValueError("embed_dim must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.visible = torch.tril(torch.ones(64, 64, dtype=torch.bool))

    def forward(self, x, attention_mask=None):
        B, S, E = x.shape
        if S > self.visible.size(0):
            self.visible = torch.tril(torch.ones(S, S, dtype=torch.bool))
        visible = self.visible[:S, :S]
        if attention_mask is not None:
            visible = visible & attention_mask.bool()
        qkv = self.in_proj(x).view(B, S, 3, self.num_heads, self.head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1) * visible
        context = self.dropout(weights) @ v
        return self.out_proj(context.transpose(1, 2).reshape(B, S, E))
