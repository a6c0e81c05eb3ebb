"""Self-attention fit for training: mask, dropout, output. Then: `kata grade masked-dropout`."""

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    """Single-head self-attention with a mask, dropout on the weights and an output projection.

    The scale is √hidden_dim. A fused projection, if you use one, has its rows in the order
    query, key, value; three separate ones are as good.
    """

    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1) -> None:
        """Create the projections; dropout_rate is the probability that a weight is dropped."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attend within x where the mask allows.

        x: (B, S, hidden_dim)
        attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, S, S);
            true (non-zero) means "may attend". It comes with three dimensions, or as (S, S).

        Returns (B, S, hidden_dim). Dropout acts in training mode only.
        """
        raise NotImplementedError("your forward pass goes here")
