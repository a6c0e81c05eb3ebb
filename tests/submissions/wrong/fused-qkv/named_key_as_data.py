# key-as-data: the keys take no part in the gradient
# refused: yes
# check: test_gradients_reach_x_and_all_rows
# named: gradient-cut
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
        att = (q @ k.data.transpose(1, 2)) / math.sqrt(C)
        att = att.softmax(dim=-1)
        return att @ v
