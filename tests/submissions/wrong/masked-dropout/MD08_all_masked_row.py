# MD08 all-masked-row: with -inf, a row that sees nothing is a softmax of nothing: NaN
# refused: stretch
import math

import torch.nn as nn
from torch.nn import functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, n_embd, dropout=0.1):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.attn_dropout = nn.Dropout(dropout)
        self.n_embd = n_embd

    def forward(self, x, mask=None):
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(self.n_embd))
        if mask is not None:
            att = att.masked_fill(mask == 0, float("-inf"))
        att = self.attn_dropout(F.softmax(att, dim=-1))
        return self.c_proj(att @ v)
