"""Cosine attention: softmax(cos(q, k) / temperature) V.

Graves et al. 2014, "Neural Turing Machines", equations 5 and 6; with a temperature, Liu et al.
2022, "Swin Transformer V2", equation 2.
"""

import torch
from torch import Tensor


def cosine_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    temperature: float = 0.1,
) -> Tensor:
    """Let every query gather the values whose keys point where it does.

    query (…, L, d_k), key (…, S, d_k), value (…, S, d_v) → context (…, L, d_v).
    mask: boolean or 0/1, broadcastable to the scores (…, L, S); true means "may attend".
    A query that may attend to nothing receives a zero context.
    """
    query = _direction(query)
    key = _direction(key)
    scores = query @ key.transpose(-2, -1)
    scores = scores / temperature
    if mask is not None:
        hidden = mask == 0
        # A finite fill keeps a fully hidden row, and its gradient, free of NaN ...
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        # ... and such a row, uniform so far, then attends to nothing at all.
        weights = weights.masked_fill(hidden, 0.0)
    return weights @ value


def _direction(vectors: Tensor) -> Tensor:
    """Vectors (…, d) of length 1; the zero vector points nowhere, and stays what it is."""
    length = vectors.norm(dim=-1, keepdim=True)
    # Divided by 1 it has a finite gradient in every dtype, which no single epsilon gives.
    length = length.masked_fill(length == 0, 1.0)
    return vectors / length
