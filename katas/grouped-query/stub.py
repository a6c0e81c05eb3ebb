"""Grouped-query attention. Fill in both methods, then run `kata grade grouped-query`."""

import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    """num_heads heads of queries that share num_kv_heads heads of keys and values.

    Query head h reads group h // (num_heads / num_kv_heads). All heads are
    head_dim = hidden_dim / num_heads wide, those of keys and values too.
    """

    def __init__(self, hidden_dim: int, num_heads: int, num_kv_heads: int) -> None:
        """Create the projections; refuse numbers that do not divide each other."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attend within x in every head, where the mask allows.

        x: (B, S, hidden_dim)
        attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, H, S, S);
            true (non-zero) means "may attend". It comes with four dimensions, or as (S, S).

        Returns (B, S, hidden_dim).
        """
        raise NotImplementedError("your forward pass goes here")
