# SD02 scale-1-d: divided by d_k, not by its root
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import functools

import torch
from torch import nn


class AttentionLayer(nn.Module):
    def __init__(self, dim, causal, power):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.power = power
        self.causal = causal

    def forward(self, x):
        scores = self.to_q(x) @ self.to_k(x).transpose(1, 2) / x.size(-1) ** (2 * self.power)
        return scores.softmax(-1) @ self.to_v(x)


SelfAttention = functools.partial(AttentionLayer, causal=False, power=0.5)
