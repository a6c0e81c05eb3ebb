# style: typed, positions compared with arange, masks joined before one fill, hidden rows zero
from __future__ import annotations

import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """Causal multi-head self-attention; attention_mask: 1 = may attend."""

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError(f"{num_heads=} does not divide {hidden_dim=}")
        self.num_heads = num_heads
        self.scale = (hidden_dim // num_heads) ** -0.5
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        heads = (self.num_heads, -1)
        query = self.query_proj(x).unflatten(-1, heads)
        key = self.key_proj(x).unflatten(-1, heads)
        value = self.value_proj(x).unflatten(-1, heads)

        position = torch.arange(x.size(1), device=x.device)
        visible = position[:, None] >= position[None, :]
        if attention_mask is not None:
            visible = visible & attention_mask.bool()

        scores = torch.einsum("bqhd,bkhd->bhqk", query, key) * self.scale
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
        weights = self.dropout(scores.softmax(dim=-1) * visible)
        context = torch.einsum("bhqk,bkhd->bqhd", weights, value)
        return self.output_proj(context.flatten(2))
