# MH11 full-width-heads: every head is as wide as the model, H times the parameters
# refused: yes
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, emb, heads, dropout=0.0):
        super().__init__()
        assert emb % heads == 0
        self.emb, self.heads = emb, heads
        self.to_k = nn.Linear(emb, emb * heads, bias=False)
        self.to_q = nn.Linear(emb, emb * heads, bias=False)
        self.to_v = nn.Linear(emb, emb * heads, bias=False)
        self.unifyheads = nn.Linear(heads * emb, emb)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, t, e = x.size()
        h = self.heads
        keys = self.to_k(x).view(b, t, h, e).transpose(1, 2)
        queries = self.to_q(x).view(b, t, h, e).transpose(1, 2)
        values = self.to_v(x).view(b, t, h, e).transpose(1, 2)
        dot = queries @ keys.transpose(2, 3) / math.sqrt(e)
        if mask is not None:
            dot = dot.masked_fill(mask == 0, float("-inf"))
        dot = self.drop(F.softmax(dot, dim=-1))
        out = torch.matmul(dot, values).transpose(1, 2).reshape(b, t, h * e)
        return self.unifyheads(out)
