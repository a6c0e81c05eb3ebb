# future-only: the triangle is the wrong one, a position sees itself and the future instead of the past
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: triangle-upper
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.):
        super().__init__()
        assert dim % heads == 0
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, n, d, h = *x.shape, self.heads
        q, k, v = [t.reshape(b, n, h, -1).transpose(1, 2) for t in self.to_qkv(x).chunk(3, dim=-1)]
        sim = torch.einsum('b h i d, b h j d -> b h i j', q, k) * self.scale
        neg = -torch.finfo(sim.dtype).max
        if mask is not None:
            sim = sim.masked_fill(~mask.bool(), neg)
        causal_mask = torch.ones((n, n), device=x.device).triu().bool()
        sim = sim.masked_fill(~causal_mask, neg)
        attn = self.dropout(sim.softmax(dim=-1))
        out = torch.einsum('b h i j, b h j d -> b i h d', attn, v)
        return self.to_out(out.reshape(b, n, d))
