# style: forward(x, causal_mask=None, padding_mask=None), the causal mask made when none is given
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, dim, heads, p_drop=0.0):
        super().__init__()
        assert dim % heads == 0, "heads must divide dim"
        self.heads, self.dim_head = heads, dim // heads
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim))
        self.drop = nn.Dropout(p_drop)

    def forward(self, x, causal_mask=None, padding_mask=None):
        b, n, d = x.shape
        q, k, v = (
            t.reshape(b, n, self.heads, self.dim_head).movedim(2, 1)
            for t in self.to_qkv(x).chunk(3, dim=-1)
        )
        if causal_mask is None:
            causal_mask = torch.ones(n, n, device=x.device).tril()
        sim = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(self.dim_head)
        sim = sim.masked_fill(causal_mask == 0, -1e9)
        if padding_mask is not None:
            sim = sim.masked_fill(padding_mask == 0, -1e9)
        attn = self.drop(sim.softmax(dim=-1))
        out = torch.einsum("bhij,bhjd->bhid", attn, v).movedim(1, 2).reshape(b, n, d)
        return self.to_out(out)
