"""Causal multi-head self-attention: position i sees positions ≤ i that are no padding.

softmax(mask(QKᵀ / √head_dim)) V in every head, merged and projected: the masked attention of the
decoder in Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3, laid out as in GPT-2.
"""

import math

import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """Let every token gather, in each head, from itself and from the tokens before it.

    x (B, S, hidden_dim) → (B, S, hidden_dim), for any S.
    attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, S, S);
    true means "may attend". It narrows the causal rule and never widens it. A token that may
    attend to nothing, such as padding on the left, receives a zero context and so leaves
    the layer as the output bias.
    """

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(
                f"hidden_dim ({hidden_dim}) must be a multiple of num_heads ({num_heads})"
            )
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Attend within x (B, S, D) to the past where attention_mask is true → (B, S, D)."""
        qkv = self.qkv_proj(x)
        query, key, value = qkv.chunk(3, dim=-1)
        query = self._split_heads(query)
        key = self._split_heads(key)
        value = self._split_heads(value)
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.head_dim)
        # Built from the scores at hand: no maximum length to outgrow, no device to miss.
        positions = scores.shape[-2:]
        visible = torch.ones(positions, dtype=torch.bool, device=scores.device).tril()
        if attention_mask is not None:
            # Both conditions joined before one fill: two finite fills added up would overflow.
            visible = visible & (attention_mask != 0)
        hidden = ~visible
        # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        # ... and such a row, uniform so far, then attends to nothing at all.
        weights = weights.masked_fill(hidden, 0.0)
        weights = self.dropout(weights)
        context = weights @ value
        return self.output_proj(self._merge_heads(context))

    def _split_heads(self, features: Tensor) -> Tensor:
        """(B, S, D) → (B, H, S, head_dim); head h owns the h-th run of head_dim features."""
        batch_size, seq_len, _ = features.shape
        heads = features.reshape(batch_size, seq_len, self.num_heads, self.head_dim)
        return heads.transpose(1, 2)

    def _merge_heads(self, context: Tensor) -> Tensor:
        """(B, H, S, head_dim) → (B, S, D), undoing the split."""
        context = context.transpose(1, 2)
        return context.flatten(-2)
