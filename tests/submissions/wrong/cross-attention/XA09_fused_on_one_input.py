# XA09 fused-on-one-input: all three are projected from x
# refused: yes
# check: test_keys_and_values_come_from_context_and_queries_from_x
# named: self-attention
import math

import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim % num_heads")
        self.h, self.d = num_heads, hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout)

    def split(self, t):
        return t.view(t.size(0), t.size(1), self.h, self.d).transpose(1, 2)

    def forward(self, x, memory, mask=None):
        q = self.split(self.q_proj(x))
        k = self.split(self.k_proj(x))
        v = self.split(self.v_proj(x))
        att = q @ k.transpose(-2, -1) / math.sqrt(self.d)
        if mask is not None:
            att = att.masked_fill(mask == 0, -1e9)
        att = self.drop(att.softmax(dim=-1))
        y = (att @ v).transpose(1, 2).flatten(2)
        return self.o_proj(y)
