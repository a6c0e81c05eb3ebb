# style: torch.einsum with an ellipsis, typed, a finfo fill
from __future__ import annotations

import torch


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    scale = query.shape[-1] ** -0.5
    scores = torch.einsum("...ld,...sd->...ls", query, key) * scale
    if mask is not None:
        hidden = mask == 0
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(hidden, 0.0)
    return torch.einsum("...ls,...sv->...lv", weights, value)
