"""Additive attention. Fill in both methods, then run `kata grade additive-attention`."""

import torch
from torch import nn


class AdditiveAttention(nn.Module):
    """Attention whose scores are those of a small network: vᵀ tanh(W_q q + W_k k)."""

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int) -> None:
        """Create W_q, W_k and v. Queries, keys and what is summed have widths of their own."""
        super().__init__()
        raise NotImplementedError("your weights go here")

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Let every query gather values, by how well their keys score with it.

        query: (B, L, query_dim)
        key:   (B, S, key_dim)
        value: (B, S, d_v), handed over as it is
        mask:  boolean or 0/1 of any dtype, broadcastable to the scores (B, L, S); true (non-zero)
            means "may attend". It comes with three dimensions, or as (L, S).

        Returns (B, L, d_v), in the dtype and on the device of query.
        """
        raise NotImplementedError("your forward pass goes here")
