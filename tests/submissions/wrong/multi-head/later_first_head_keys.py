# first-head-keys: the first head's keys are used for all heads
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: heads-share-one|heads-identical
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        assert dim % heads == 0
        self.heads = heads
        self.dim_head = dim // heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, n, d = x.shape
        q, k, v = (f(x).reshape(b, n, self.heads, self.dim_head).permute(0, 2, 1, 3) for f in (self.to_q, self.to_k, self.to_v))
        sim = torch.einsum('b h i d, b j d -> b h i j', q, k[:, 0]) * self.dim_head ** -0.5
        if mask is not None:
            sim = sim.masked_fill(~mask.bool(), -torch.finfo(sim.dtype).max)
        attn = self.dropout(sim.softmax(dim=-1))
        out = torch.einsum('b h i j, b h j d -> b i h d', attn, v)
        return self.to_out(out.reshape(b, n, d))
