"""A self-attention layer. Fill in both methods, then run `kata grade self-attention`."""

import torch
from torch import nn


class SelfAttention(nn.Module):
    """Attention among the tokens of one sequence: softmax(QKᵀ / √hidden_dim) V.

    Q, K and V are three learned linear projections of the same input, each from hidden_dim to
    hidden_dim features. There is no mask, no dropout and no projection after the attention.
    """

    def __init__(self, hidden_dim: int) -> None:
        """Create the three projections."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (B, S, hidden_dim) to the context (B, S, hidden_dim), for any B and S."""
        raise NotImplementedError("your forward pass goes here")
