# mask-of-the-first-example: the first example's mask for all
# refused: yes
# check: test_attends_where_the_mask_is_true
# named: mask-of-the-first
import torch
from torch import einsum, nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, dropout=0.1):
        super().__init__()
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        if mask is not None:
            sim = sim.masked_fill((mask[:1] if mask.dim() == 3 else mask) == 0, -1e9)
        attn = sim.softmax(dim=-1)
        attn = self.drop(attn)
        return self.to_out(einsum("b i j, b j d -> b i d", attn, v))
