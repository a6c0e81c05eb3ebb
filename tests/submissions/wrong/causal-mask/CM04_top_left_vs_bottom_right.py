# CM04 top-left-vs-bottom-right: the triangle is aligned to the last key, as decoding needs it
# refused: no - queries and keys are the same sequence, so both alignments are the same triangle
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = (
            proj(x).reshape(B, S, self.num_heads, self.head_dim).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        L, S = scores.shape[-2:]
        visible = torch.ones(L, S, dtype=torch.bool, device=x.device).tril(diagonal=S - L)
        if attention_mask is not None:
            visible = visible & (attention_mask != 0)
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(~visible, 0.0)
        context = (self.dropout(weights) @ v).transpose(1, 2).reshape(B, L, D)
        return self.o_proj(context)
