"""Causal self-attention that keeps keys and values, so that a sequence may come in pieces.

Attention in every head as in Vaswani et al. 2017, section 3.2.3; kept keys and values as in the
incremental decoding of Shazeer 2019, "Fast Transformer Decoding", section 2.4.
"""

import math

import torch
from torch import Tensor, nn

Cache = tuple[Tensor, Tensor]
"""Keys and values of all tokens so far, (B, H, S, head_dim) each."""


class CachedSelfAttention(nn.Module):
    """Let every token gather from itself and from all tokens before it, those of earlier calls too.

    x (B, T, hidden_dim) → output (B, T, hidden_dim) and the cache, to be passed to the next call.
    A cache is never written to, so each one stays good for as many continuations as one likes.
    """

    def __init__(self, hidden_dim: int, num_heads: int) -> None:
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(
                f"hidden_dim ({hidden_dim}) must be a multiple of num_heads ({num_heads})"
            )
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Attend from x (B, T, D) to it and to what the cache holds → (B, T, D), and the cache."""
        qkv = self.qkv_proj(x)
        query, key, value = qkv.chunk(3, dim=-1)
        query = self._split_heads(query)
        key = self._split_heads(key)
        value = self._split_heads(value)
        if cache is not None:
            past_key, past_value = cache
            # Joined into new tensors: the old cache may be continued once more, in another way.
            key = torch.cat((past_key, key), dim=-2)
            value = torch.cat((past_value, value), dim=-2)
        new_cache = (key, value)
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.head_dim)
        new, total = scores.shape[-2:]
        # The last row sees all there is, and each row before it one key less.
        past = total - new
        visible = torch.ones(new, total, dtype=torch.bool, device=scores.device).tril(past)
        scores = scores.masked_fill(~visible, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        context = weights @ value
        output = self.output_proj(self._merge_heads(context))
        return output, new_cache

    def _split_heads(self, features: Tensor) -> Tensor:
        """(B, T, D) → (B, H, T, head_dim); head h owns the h-th run of head_dim features."""
        batch_size, seq_len, _ = features.shape
        heads = features.reshape(batch_size, seq_len, self.num_heads, self.head_dim)
        return heads.transpose(1, 2)

    def _merge_heads(self, context: Tensor) -> Tensor:
        """(B, H, T, head_dim) → (B, T, D), undoing the split."""
        context = context.transpose(1, 2)
        return context.flatten(-2)
