# clipped: scores are clipped to ±5
# refused: yes
# check: test_scores_of_ten_thousand_stay_finite
# named: scores-squashed
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
        att = (q @ k.transpose(1, 2)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.clamp(-5, 5).softmax(dim=-1)
        return att @ v
