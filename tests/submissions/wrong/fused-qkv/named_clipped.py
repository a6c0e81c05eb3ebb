# clipped: scores are clipped to ±5
# refused: yes
# named: scores-squashed
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        att = (q @ k.transpose(1, 2)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.clamp(-5, 5).softmax(dim=-1)
        return att @ v
