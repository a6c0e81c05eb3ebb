# inverted: the mask is read the wrong way round
# refused: yes
# check: test_agrees_with_the_multi_head_layer_of_torch
# named: mask-polarity
import torch
from torch import einsum, nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        if dim % heads:
            raise ValueError("dim % heads")
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in self.to_qkv(x).chunk(3, -1))
        sim = einsum("b h i d, b h j d -> b h i j", q, k) * self.scale
        keep = torch.ones_like(sim, dtype=torch.bool)
        if mask is not None:
            keep = keep & ~mask.bool()
        attn = sim.masked_fill(~keep, -torch.finfo(sim.dtype).max).softmax(dim=-1)
        out = einsum("b h i j, b h j d -> b h i d", self.drop(attn), v)
        out = out.transpose(1, 2).flatten(2)
        return self.to_out(out)
