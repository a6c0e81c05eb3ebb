# style: separate projections, typed, finfo fill, fully hidden rows set to zero
from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class MaskedSelfAttention(nn.Module):
    """Self-attention with a mask (1 = may attend) and dropout on the weights."""

    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(p=dropout_rate)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        query: Tensor = self.query_proj(x)
        key: Tensor = self.key_proj(x)
        value: Tensor = self.value_proj(x)
        scores = torch.matmul(query, key.transpose(1, 2)) / math.sqrt(self.hidden_dim)
        if attention_mask is None:
            weights = scores.softmax(dim=-1)
        else:
            visible = attention_mask.to(dtype=torch.bool)
            lowest = torch.finfo(scores.dtype).min
            weights = scores.masked_fill(~visible, lowest).softmax(dim=-1)
            weights = weights * visible
        return self.output_proj(torch.matmul(self.dropout(weights), value))
