"""How close is right: stated once, here.

Truth is computed in float64. A right answer in float32 differs from it by roundings, of the order
of 1e-7 of the answer's scale; we allow 1e-5, which no known mistake stays under and every right
style does. Where the inputs make even the plain implementation less exact than that, a few times
*its* error is allowed, but never as much as 1e-3. In half precision the plain implementation's own
error is the only sensible yardstick, and a few units in the last place are always allowed.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ROUNDINGS = 1e-5
"""Of the truth's scale: always allowed in float32, and in float64 (float32 constants are fine)."""
CEILING = 3e-4
"""Of the truth's scale: never exceeded in float32 and float64."""
FEW = 4.0
"""A right answer may be this many times as far off as the plain implementation."""
HALF_ULPS = 4.0


def scale_of(*truths: Tensor) -> float:
    """The magnitude errors are measured against: the largest true value."""
    largest = [float(t.abs().max()) for t in truths if t.numel()]
    return max(largest, default=0.0) or 1.0


def allowed(
    truth: Tensor, dtype: torch.dtype, plain: Tensor | None = None, scale: float | None = None
) -> float:
    """The largest absolute error a right answer may have.

    truth: float64 values. plain: the plain implementation's answer in `dtype`, if it was computed.
    scale: the magnitude to measure against, where that is not the truth's own (gradients).
    """
    scale = scale_of(truth) if scale is None else scale
    own = (
        float((plain.double() - truth).abs().max()) if plain is not None and truth.numel() else 0.0
    )
    own = 0.0 if math.isnan(own) else own  # the plain implementation may itself be at a loss
    if dtype in (torch.float16, torch.bfloat16):
        return max(FEW * own, HALF_ULPS * torch.finfo(dtype).eps * scale)
    return min(max(ROUNDINGS * scale, FEW * own), CEILING * scale)
