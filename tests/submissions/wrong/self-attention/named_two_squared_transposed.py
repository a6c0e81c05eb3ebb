# two-squared-transposed: the weights are transposed, the scores divided by half the width
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: weights-transposed, scale-power
import torch
from torch import einsum, nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = 2 / dim
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        attn = sim.softmax(dim=-1)
        return einsum("b i j, b i d -> b j d", attn, v)
