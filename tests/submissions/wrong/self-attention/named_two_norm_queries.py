# two-norm-queries: x is layer-normed, and queries are compared with queries
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: input-normalised, compared-with-itself|projection-reused|query-key-swapped
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_q, self.c_k, self.c_v = (nn.Linear(n_embd, n_embd, bias=False) for _ in range(3))

    def forward(self, x):
        B, T, C = x.size()
        x = nn.functional.layer_norm(x, (C,))
        q, k, v = self.c_q(x), self.c_k(x), self.c_v(x)
        att = q @ q.transpose(1, 2) / math.sqrt(C)
        att = att.softmax(dim=-1)
        return att @ v
