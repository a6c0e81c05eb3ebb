# fourth-root: only the query is divided, by the fourth root
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scale-power
import torch
from torch import einsum, nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = dim**-0.5
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        sim = einsum("b i d, b j d -> b i j", q * q.shape[-1] ** -0.25, k)
        attn = sim.softmax(dim=-1)
        return einsum("b i j, b j d -> b i d", attn, v)
