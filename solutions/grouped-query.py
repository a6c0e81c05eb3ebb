"""Grouped-query attention: H heads of queries share H_kv heads of keys and values.

Query head h reads key and value head h // (H / H_kv) (Ainslie et al. 2023, "GQA: Training
Generalized Multi-Query Transformer Models from Multi-Head Checkpoints").
"""

import math

import torch
from torch import Tensor, nn


class GroupedQueryAttention(nn.Module):
    """Multi-head attention in which each group of H / H_kv query heads shares a key and a value.

    x (B, S, hidden_dim) → (B, S, hidden_dim). num_kv_heads = 1 is multi-query attention, and
    num_kv_heads = num_heads the ordinary multi-head layer.
    attention_mask: boolean or 0/1, broadcastable to the scores (B, H, S, S); true means "may
    attend". A token that may attend to nothing in a head receives a zero context there.
    """

    def __init__(self, hidden_dim: int, num_heads: int, num_kv_heads: int) -> None:
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(
                f"hidden_dim ({hidden_dim}) must be a multiple of num_heads ({num_heads})"
            )
        if num_heads % num_kv_heads != 0:
            raise ValueError(
                f"num_heads ({num_heads}) must be a multiple of num_kv_heads ({num_kv_heads})"
            )
        self.num_heads = num_heads
        self.num_kv_heads = num_kv_heads
        self.head_dim = hidden_dim // num_heads
        # Here is the saving: keys and values, and so the cache, are H / H_kv times narrower.
        kv_width = num_kv_heads * self.head_dim
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, kv_width)
        self.value_proj = nn.Linear(hidden_dim, kv_width)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Attend within x (B, S, D) where attention_mask (→ (B, H, S, S)) is true → (B, S, D)."""
        query = self.query_proj(x)
        key = self.key_proj(x)
        value = self.value_proj(x)
        query = self._split_heads(query)
        key = self._shared(self._split_heads(key))
        value = self._shared(self._split_heads(value))
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.head_dim)
        if attention_mask is not None:
            hidden = attention_mask == 0
            # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if attention_mask is not None:
            # ... and such a row, uniform so far, then attends to nothing at all.
            weights = weights.masked_fill(hidden, 0.0)
        context = weights @ value
        return self.output_proj(self._merge_heads(context))

    def _split_heads(self, features: Tensor) -> Tensor:
        """(B, S, n · head_dim) → (B, n, S, head_dim), n being H or H_kv."""
        heads = features.unflatten(-1, (-1, self.head_dim))
        return heads.transpose(1, 2)

    def _shared(self, heads: Tensor) -> Tensor:
        """(B, H_kv, S, head_dim) → (B, H, S, head_dim), a head beside its own copies: 0 0 1 1."""
        group_size = self.num_heads // self.num_kv_heads
        return heads.repeat_interleave(group_size, dim=1)

    def _merge_heads(self, context: Tensor) -> Tensor:
        """(B, H, S, head_dim) → (B, S, D), undoing the split."""
        context = context.transpose(1, 2)
        return context.flatten(-2)
