"""Additive attention: softmax(vᵀ tanh(W_q q + W_k k)) V.

Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate",
section 3.1 and appendix A.1.2.
"""

import torch
from torch import Tensor, nn


class AdditiveAttention(nn.Module):
    """Let every query gather the values whose keys a small network finds fitting.

    query (B, L, query_dim), key (B, S, key_dim), value (B, S, d_v) → context (B, L, d_v).
    mask: boolean or 0/1, broadcastable to the scores (B, L, S); true means "may attend".
    A query that may attend to nothing receives a zero context.
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int) -> None:
        super().__init__()
        # One bias of the sum would do, and that of the score, the same for all keys, cancels.
        self.query_proj = nn.Linear(query_dim, hidden_dim)
        self.key_proj = nn.Linear(key_dim, hidden_dim)
        self.score = nn.Linear(hidden_dim, 1)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Gather values where mask (→ (B, L, S)) is true → (B, L, d_v)."""
        # Projected first, once for each query and each key, and only then put beside each other.
        asked = self.query_proj(query).unsqueeze(-2)
        offered = self.key_proj(key).unsqueeze(-3)
        pairs = asked + offered
        energy = torch.tanh(pairs)
        scores = self.score(energy)
        scores = scores.squeeze(-1)
        if mask is not None:
            hidden = mask == 0
            # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            # ... and such a row, uniform so far, then attends to nothing at all.
            weights = weights.masked_fill(hidden, 0.0)
        return weights @ value
