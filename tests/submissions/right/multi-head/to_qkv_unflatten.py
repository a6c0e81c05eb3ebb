# style: lucidrains without einops: to_qkv, to_out.0, unflatten, movedim, einsum
import torch
from torch import einsum, nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        if dim % heads:
            raise ValueError("heads must divide dim")
        dim_head = dim // heads
        self.heads = heads
        self.dim_head = dim_head
        self.scale = dim_head**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.attend = nn.Softmax(dim=-1)
        self.dropout = nn.Dropout(dropout)
        self.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Identity())

    def forward(self, x, mask=None):
        qkv = self.to_qkv(x).unflatten(-1, (3, self.heads, self.dim_head))
        q, k, v = qkv.movedim(2, 0).movedim(3, 2)  # (3, b, h, n, d)
        dots = einsum("b h i d, b h j d -> b h i j", q, k) * self.scale
        if mask is not None:
            dots = dots.masked_fill(~mask.to(torch.bool), -torch.finfo(dots.dtype).max)
        attn = self.dropout(self.attend(dots))
        out = einsum("b h i j, b h j d -> b h i d", attn, v)
        return self.to_out(out.movedim(1, 2).flatten(2))
