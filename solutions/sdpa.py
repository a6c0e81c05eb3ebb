"""Scaled dot-product attention: softmax(QKᵀ / √d_k) V.

Vaswani et al. 2017, "Attention Is All You Need", equation 1.
"""

import math

import torch
from torch import Tensor


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Let every query gather the values whose keys it resembles.

    query (…, L, d_k), key (…, S, d_k), value (…, S, d_v) → context (…, L, d_v).
    mask: boolean or 0/1, broadcastable to the scores (…, L, S); true means "may attend".
    A query that may attend to nothing receives a zero context.
    """
    d_k = query.size(-1)
    scores = query @ key.transpose(-2, -1)
    scores = scores / math.sqrt(d_k)
    if mask is not None:
        hidden = mask == 0
        # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        # ... and such a row, uniform so far, then attends to nothing at all.
        weights = weights.masked_fill(hidden, 0.0)
    return weights @ value
