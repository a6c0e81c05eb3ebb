# FQ03 split-size-vs-count: split(3) makes D pieces of three features, not three of D
# refused: yes
# check: test_computes_attention_itself
import math

import torch.nn as nn
from torch.nn import functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.n_embd = n_embd
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)

    def forward(self, x):
        q, k, v = self.c_attn(x).split(3, dim=2)
        att = (q @ k.transpose(-2, -1)) / math.sqrt(self.n_embd)
        att = F.softmax(att, dim=-1)
        return att @ v
