"""Single-head self-attention whose query, key and value come from one D → 3D projection.

softmax(QKᵀ / √D) V (Vaswani et al. 2017, "Attention Is All You Need", eq. 1), where
[Q | K | V] = x Wᵀ + b and W stacks the rows of the three projections in that order.
"""

import math

import torch
from torch import Tensor, nn


class FusedSelfAttention(nn.Module):
    """The function of three separate projections, computed by a single matrix product.

    x (B, S, hidden_dim) → context (B, S, hidden_dim).
    """

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        # The rows of the weight: hidden_dim of query, then as many of key, then of value.
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Project x (B, S, D) once to (B, S, 3D), split, and attend → (B, S, D)."""
        qkv = self.qkv_proj(x)
        query, key, value = qkv.chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.hidden_dim)
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
