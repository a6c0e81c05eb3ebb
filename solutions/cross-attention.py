"""Cross-attention: queries from one sequence, keys and values from another, in several heads.

This is how a decoder reads what the encoder wrote: "encoder-decoder attention" in Vaswani et al.
2017, "Attention Is All You Need", section 3.2.3.
"""

import math

import torch
from torch import Tensor, nn


class CrossAttention(nn.Module):
    """Let every token of x gather from the tokens of context.

    x (B, L, hidden_dim), context (B, S, hidden_dim) → (B, L, hidden_dim).
    attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, L, S);
    true means "may attend". A token that may attend to nothing in a head receives a zero
    context there; hidden in every head, it leaves the layer as the output bias.
    """

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(
                f"hidden_dim ({hidden_dim}) must be a multiple of num_heads ({num_heads})"
            )
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, context: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Gather from context where attention_mask (→ (B, H, L, S)) is true → (B, L, D)."""
        # Only the queries come from x: the result has its length, whatever that of context is.
        query = self._split_heads(self.query_proj(x))
        key = self._split_heads(self.key_proj(context))
        value = self._split_heads(self.value_proj(context))
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
        weights = self.dropout(weights)
        gathered = weights @ value
        return self.output_proj(self._merge_heads(gathered))

    def _split_heads(self, features: Tensor) -> Tensor:
        """(B, n, D) → (B, H, n, head_dim), n being L or S."""
        batch_size, length, _ = features.shape
        heads = features.reshape(batch_size, length, self.num_heads, self.head_dim)
        return heads.transpose(1, 2)

    def _merge_heads(self, heads: Tensor) -> Tensor:
        """(B, H, L, head_dim) → (B, L, D), undoing the split."""
        heads = heads.transpose(1, 2)
        return heads.flatten(-2)
