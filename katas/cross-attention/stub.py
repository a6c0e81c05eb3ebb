"""Cross-attention. Fill in both methods, then run `kata grade cross-attention`."""

import torch
from torch import nn


class CrossAttention(nn.Module):
    """Multi-head attention from one sequence to another.

    Queries are a learned projection of x; keys and values are learned projections of context.
    """

    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        """Create the projections; refuse a num_heads that does not divide hidden_dim."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(
        self,
        x: torch.Tensor,
        context: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Let every token of x gather from context, where the mask allows.

        x: (B, L, hidden_dim)
        context: (B, S, hidden_dim)
        attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, L, S);
            true (non-zero) means "may attend". It comes with four dimensions, or as (L, S).

        Returns (B, L, hidden_dim). Dropout acts on the weights, in training mode only.
        """
        raise NotImplementedError("your forward pass goes here")
