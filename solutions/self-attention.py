"""Single-head self-attention: softmax(QKᵀ / √D) V with Q, K and V projected from one sequence.

Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1 and eq. 1, with d_k = d_v = D.
"""

import math

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Let every token of a sequence gather from every token of the same sequence.

    x (B, S, hidden_dim) → context (B, S, hidden_dim).
    """

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        # Three maps, not one: what a token looks for, what it is found by, what it hands over.
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Project x (B, S, D) three times and attend → (B, S, D)."""
        query = self.query_proj(x)
        key = self.key_proj(x)
        value = self.value_proj(x)
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.hidden_dim)
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
