"""Multi-head self-attention. Fill in both methods, then run `kata grade multi-head`."""

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    """num_heads attentions side by side, each on head_dim = hidden_dim / num_heads features.

    Head h owns the h-th run of head_dim consecutive features of the query, of the key and of
    the value, and its context returns to that place before the output projection mixes them.
    """

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        """Create the projections; refuse a num_heads that does not divide hidden_dim."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attend within x in every head, where the mask allows.

        x: (B, S, hidden_dim)
        attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, S, S);
            true (non-zero) means "may attend". It comes with four dimensions, or as (S, S).

        Returns (B, S, hidden_dim). Dropout acts on the weights, in training mode only.
        """
        raise NotImplementedError("your forward pass goes here")
