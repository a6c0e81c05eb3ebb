# style: separate projections, typed, view + transpose, finfo fill, hidden rows set to zero
from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention; attention_mask: 1 = may attend."""

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        assert hidden_dim % num_heads == 0, "hidden_dim must be divisible by num_heads"
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def _shape(self, t: Tensor, batch: int, length: int) -> Tensor:
        return t.view(batch, length, self.num_heads, self.head_dim).transpose(1, 2)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        B, S, D = x.shape
        q = self._shape(self.q_proj(x), B, S)
        k = self._shape(self.k_proj(x), B, S)
        v = self._shape(self.v_proj(x), B, S)

        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            hidden = attention_mask == 0
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if attention_mask is not None:
            weights = weights.masked_fill(hidden, 0.0)

        context = torch.matmul(self.dropout(weights), v)
        context = context.transpose(1, 2).contiguous().view(B, S, D)
        return self.o_proj(context)
