# style: one in_proj_weight for all three, sliced: its first rows for x, the others for context
import torch
from torch import nn
from torch.nn import functional as F


class CrossAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.0):
        super().__init__()
        self.num_heads, self.dropout = num_heads, dropout
        self.head_dim = embed_dim // num_heads
        assert self.head_dim * num_heads == embed_dim
        self.in_proj_weight = nn.Parameter(torch.randn(3 * embed_dim, embed_dim) * embed_dim**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, tgt, memory, memory_mask=None):
        B, L, E = tgt.shape
        w_q, w_kv = self.in_proj_weight.split([E, 2 * E])
        b_q, b_kv = self.in_proj_bias.split([E, 2 * E])
        q = F.linear(tgt, w_q, b_q)
        k, v = F.linear(memory, w_kv, b_kv).chunk(2, dim=-1)
        q, k, v = (
            t.reshape(B, t.size(1), self.num_heads, self.head_dim).transpose(1, 2)
            for t in (q, k, v)
        )
        attn = (q * self.head_dim**-0.5) @ k.transpose(-2, -1)
        if memory_mask is not None:
            attn = torch.where(memory_mask != 0, attn, torch.finfo(attn.dtype).min)
        attn = attn.softmax(dim=-1)
        if memory_mask is not None:
            attn = attn * (memory_mask != 0)
        attn = F.dropout(attn, p=self.dropout, training=self.training)
        return self.out_proj((attn @ v).transpose(1, 2).reshape(B, L, E))
