# two-nothing-dropped-columns: nothing is dropped, softmax over the queries
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-dropout, softmax-over-queries
import math

import torch
from torch import nn
from torch.nn import functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, n_embd, dropout=0.1):
        super().__init__()
        self.p = dropout
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        q, k, v = self.c_attn(x).split(x.size(2), dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        if mask is not None:
            att = att.masked_fill(mask == 0, float("-inf"))
        att = F.softmax(att, dim=1)
        att = att
        return self.c_proj(att @ v)
