# no-scale-bare: no scale
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: no-scale
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
        att = q @ k.transpose(1, 2)
        att = att.softmax(dim=-1)
        return att @ v
