# merge-by-reshape: the heads are merged by a reshape without transposing back
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: merge-no-transpose
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads=8, dropout=0.):
        super().__init__()
        assert dim % heads == 0, 'dim has to be divisible by heads'
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        b, n, d = x.shape
        h = self.heads
        q, k, v = (t.reshape(b, n, h, d // h).transpose(1, 2) for t in self.to_qkv(x).chunk(3, dim=-1))
        sim = torch.einsum('bhid,bhjd->bhij', q, k) * self.scale
        if mask is not None:
            sim = sim.masked_fill(~mask.bool(), -torch.finfo(sim.dtype).max)
        attn = self.dropout(sim.softmax(dim=-1))
        out = torch.einsum('bhij,bhjd->bhid', attn, v)
        return self.to_out(out.reshape(b, n, d))
