# unit-queries: queries and keys are brought to unit length
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: cosine-scores
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_q, self.c_k, self.c_v = (nn.Linear(n_embd, n_embd, bias=False) for _ in range(3))

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_q(x), self.c_k(x), self.c_v(x)
        att = nn.functional.normalize(q, dim=-1) @ nn.functional.normalize(k, dim=-1).transpose(1, 2) / math.sqrt(C)
        att = att.softmax(dim=-1)
        return att @ v
