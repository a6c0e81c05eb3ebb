"""Self-attention with one projection for all three. Then: `kata grade fused-qkv`."""

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    """Self-attention, softmax(QKᵀ / √hidden_dim) V, from a single hidden_dim → 3·hidden_dim map.

    The rows of its weight, and the entries of its bias if it has one, come in the order
    query, key, value: hidden_dim of each. No mask, no dropout, no projection afterwards.
    """

    def __init__(self, hidden_dim: int) -> None:
        """Create the one projection."""
        super().__init__()
        raise NotImplementedError("your projection goes here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (B, S, hidden_dim) to (B, S, hidden_dim) by one product with the fused weight."""
        raise NotImplementedError("your forward pass goes here")
