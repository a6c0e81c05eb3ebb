# style: to_q and a fused to_kv, einsum, a last projection in a Sequential
import torch
from torch import einsum, nn


class CrossAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        assert dim % heads == 0
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_kv = nn.Linear(dim, dim * 2, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim))
        self.attn_dropout = nn.Dropout(dropout)

    def forward(self, x, memory, mask=None):
        k, v = self.to_kv(memory).chunk(2, dim=-1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)) for t in (self.to_q(x), k, v))
        sim = einsum("b i h d, b j h d -> b h i j", q, k) * self.scale
        if mask is not None:
            sim = sim.masked_fill(~mask.bool(), -torch.finfo(sim.dtype).max)
        attn = sim.softmax(dim=-1)
        if mask is not None:
            attn = attn.masked_fill(~mask.bool(), 0.0)
        out = einsum("b h i j, b j h d -> b i h d", self.attn_dropout(attn), v)
        return self.to_out(out.flatten(2))
