# style: lucidrains: to_qkv without bias, to_out = Sequential(Linear), ~mask on a boolean copy
import torch
from torch import einsum, nn


def exists(val):
    return val is not None


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, dropout=0.1):
        super().__init__()
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.attend = nn.Softmax(dim=-1)
        self.dropout = nn.Dropout(dropout)
        self.to_out = nn.Sequential(nn.Linear(dim, dim))

    def forward(self, x, mask=None):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        dots = einsum("b i d, b j d -> b i j", q, k) * self.scale
        if exists(mask):
            mask_value = -torch.finfo(dots.dtype).max
            dots = dots.masked_fill(~mask.bool(), mask_value)
        attn = self.dropout(self.attend(dots))
        out = einsum("b i j, b j d -> b i d", attn, v)
        return self.to_out(out)
