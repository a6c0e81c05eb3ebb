"""Grouped-query attention: H query heads, and fewer heads of keys and values for them to share.

Query head h attends with the keys and values of group h // (H / H_kv), each head_dim = D / H wide
(Ainslie et al. 2023, "GQA: Training Generalized Multi-Query Transformer Models").
"""

import math

import torch
from torch import Tensor, nn


class GroupedQueryAttention(nn.Module):
    """Attend in num_heads heads, of which num_heads / num_kv_heads at a time share their keys.

    x (B, S, hidden_dim) → (B, S, hidden_dim).
    attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, S, S);
    true means "may attend". A token that may attend to nothing in a head receives a zero
    context there; hidden in every head, it leaves the layer as the output bias.
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
        self.group_size = num_heads // num_kv_heads
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, num_kv_heads * self.head_dim)
        self.value_proj = nn.Linear(hidden_dim, num_kv_heads * self.head_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Attend within x (B, S, D) where attention_mask (→ (B, H, S, S)) is true → (B, S, D)."""
        query = self._split_heads(self.query_proj(x), self.num_heads)
        key = self._split_heads(self.key_proj(x), self.num_kv_heads)
        value = self._split_heads(self.value_proj(x), self.num_kv_heads)
        # Neighbours share: heads 0 … group_size − 1 read group 0, the next ones group 1.
        key = key.repeat_interleave(self.group_size, dim=1)
        value = value.repeat_interleave(self.group_size, dim=1)
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

    def _split_heads(self, features: Tensor, heads: int) -> Tensor:
        """(B, S, heads · head_dim) → (B, heads, S, head_dim), by runs of head_dim features."""
        batch_size, seq_len, _ = features.shape
        split = features.reshape(batch_size, seq_len, heads, self.head_dim)
        return split.transpose(1, 2)

    def _merge_heads(self, context: Tensor) -> Tensor:
        """(B, H, S, head_dim) → (B, S, D), undoing the split."""
        context = context.transpose(1, 2)
        return context.flatten(-2)
