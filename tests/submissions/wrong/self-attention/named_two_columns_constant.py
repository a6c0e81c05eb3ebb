# two-columns-constant: softmax over the queries, a scale of 8
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: softmax-over-queries, scale-constant
import torch
from torch import einsum, nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = 1 / 8
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        attn = sim.softmax(dim=-2)
        return einsum("b i j, b j d -> b i d", attn, v)
