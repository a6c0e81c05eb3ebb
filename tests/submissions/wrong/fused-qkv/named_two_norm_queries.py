# two-norm-queries: x is layer-normed, and queries are compared with queries
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: input-normalised, compared-with-itself|projection-reused|query-key-swapped
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)

    def forward(self, x):
        B, T, C = x.size()
        x = nn.functional.layer_norm(x, (C,))
        q, k, v = self.c_attn(x).split(C, dim=2)
        att = q @ q.transpose(1, 2) / math.sqrt(C)
        att = att.softmax(dim=-1)
        return att @ v
