"""Single-head self-attention with a mask, dropout on the weights, and an output projection.

dropout(softmax(mask(QKᵀ / √D))) V W_oᵀ + b_o, after Vaswani et al. 2017, "Attention Is All You
Need", sections 3.2.1 and 3.2.3 (masking); dropout on the weights as in the authors' tensor2tensor.
"""

import math

import torch
from torch import Tensor, nn


class MaskedSelfAttention(nn.Module):
    """Let every token gather from the tokens its mask allows.

    x (B, S, hidden_dim) → (B, S, hidden_dim).
    attention_mask: boolean or 0/1 of any dtype, broadcastable to the scores (B, S, S);
    true means "may attend". A token that may attend to nothing receives a zero context,
    and so leaves the layer as the output bias.
    """

    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        # A module, not a call with a rate: it falls silent in eval mode by itself.
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Attend within x (B, S, D) where attention_mask (→ (B, S, S)) is true → (B, S, D)."""
        qkv = self.qkv_proj(x)
        query, key, value = qkv.chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1)
        scores = scores / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            hidden = attention_mask == 0
            # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if attention_mask is not None:
            # ... and such a row, uniform so far, then attends to nothing at all.
            weights = weights.masked_fill(hidden, 0.0)
        weights = self.dropout(weights)
        context = weights @ value
        return self.output_proj(context)
