# MH07 mask-no-head-dim: gives every mask a dimension for the heads, whether it has one or not
# refused: yes
# check: test_computes_attention_itself
import math

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.h = num_heads
        self.d_k = hidden_dim // num_heads
        self.linears = nn.ModuleList([nn.Linear(hidden_dim, hidden_dim) for _ in range(4)])
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        if mask is not None:
            # Same mask applied to all h heads.
            mask = mask.unsqueeze(1)
        nbatches = x.size(0)
        query, key, value = [
            linear(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for linear in self.linears[:3]
        ]
        scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(self.d_k)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        p_attn = self.dropout(scores.softmax(dim=-1))
        out = torch.matmul(p_attn, value).transpose(1, 2)
        out = out.contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.linears[3](out)
