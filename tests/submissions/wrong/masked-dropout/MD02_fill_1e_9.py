# MD02 fill-1e-9: 1e-9 for -1e9, hidden keys get the weight of a score of zero
# refused: yes
# check: test_attends_where_the_mask_is_true
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, dropout=0.1):
        super().__init__()
        self.dim = dim
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        Q, K, V = torch.chunk(self.qkv(x), 3, dim=-1)
        att = Q @ K.transpose(-1, -2) / math.sqrt(self.dim)
        if mask is not None:
            att = att.masked_fill(mask == 0, 1e-9)
        att = self.drop(torch.softmax(att, -1))
        return self.proj(att @ V)
