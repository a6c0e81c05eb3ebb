# style: nanoGPT: c_attn, split(self.n_embd, dim=2), no bias
import math

import torch.nn as nn
from torch.nn import functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        # query, key, value projections in a batch
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.n_embd = n_embd

    def forward(self, x):
        B, T, C = x.size()  # batch size, sequence length, embedding dimensionality (n_embd)
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))  # (B, T, T)
        att = F.softmax(att, dim=-1)
        y = att @ v  # (B, T, T) x (B, T, C) -> (B, T, C)
        return y
