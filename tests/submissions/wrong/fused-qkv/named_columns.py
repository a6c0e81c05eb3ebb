# columns: the softmax runs over axis 1
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: softmax-over-queries
import torch
from torch import einsum, nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)

    def forward(self, x):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        attn = sim.softmax(dim=1)
        return einsum("b i j, b j d -> b i d", attn, v)
