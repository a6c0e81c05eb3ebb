# CM06 post-softmax-tril: future weights are cut off after the softmax, rows no longer sum to one
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        if dim % heads != 0:
            raise ValueError("heads must divide dim")
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, n, d = x.shape
        q, k, v = (
            t.reshape(b, n, self.heads, -1).transpose(1, 2) for t in self.to_qkv(x).chunk(3, -1)
        )
        dots = torch.einsum("bhid,bhjd->bhij", q, k) * self.scale
        if mask is not None:
            dots = dots.masked_fill(mask == 0, -1e9)
        attn = F.softmax(dots, dim=-1)
        attn = attn * torch.tril(torch.ones_like(attn))
        out = torch.einsum("bhij,bhjd->bhid", self.dropout(attn), v)
        return self.to_out(out.transpose(1, 2).reshape(b, n, d))
