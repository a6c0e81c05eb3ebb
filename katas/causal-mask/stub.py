"""Causal multi-head self-attention. Fill in both methods; then `kata grade causal-mask`."""

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which position i sees positions 0 … i, and never a later one.

    The scale is √head_dim, head_dim = hidden_dim / num_heads. The sequence may have any length:
    the constructor is told no maximum, and one layer serves short and long inputs in turn.
    """

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        """Create the projections; refuse a num_heads that does not divide hidden_dim."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attend within x to what is neither future nor masked.

        x: (B, S, hidden_dim)
        attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, S, S);
            true (non-zero) means "may attend, if it is no future position". It comes with four
            dimensions, or as (S, S). None leaves the causal rule alone.

        Returns (B, S, hidden_dim). Dropout acts on the weights, in training mode only.
        """
        raise NotImplementedError("your forward pass goes here")
