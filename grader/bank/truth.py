"""What is true, by PyTorch's own operators in float64 and never a second hand-written copy; and how
close to it is right: stated once, here.

A right answer in float32 differs from the truth by roundings, of the order
of 1e-7 of the answer's scale; we allow 1e-5, which no known mistake stays under and every right
style does. Where the inputs make even the plain implementation less exact than that, a few times
*its* error is allowed, but never as much as 1e-3. In half precision the plain implementation's own
error is the only sensible yardstick, and a few units in the last place are always allowed.

Where scores are large, float32 itself knows them less well. A number of magnitude M is rounded to
within M · 2⁻²⁴, so a score of 10⁴ may be off by 6e-4. Softmax is exp of a difference of such
numbers (the row's maximum, or its logsumexp), and exp turns an absolute error of the exponent into
an equal relative error of the weight. The right styles round up to eight times on the way: the
product QKᵀ, the scale, the factor log2(e) in base 2, the maximum or logsumexp, the difference, and
the row's sum again. Eight halves of a unit make 4 · 2⁻²³ · M of a weight, and so of the truth's
scale. Scores that happen to be exact in float32 spare the plain implementation all of this, which
is why its own error is no yardstick here. The same holds of ordinary scores, of which a few dozen
are rare and no reason to refuse: their magnitude is looked up where 1e-5 does not suffice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.exchange.layout import Projection, Weights
from grader.worker.program import pull_back


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ/√d_k)V in float64 by torch's own operator; mask true or non-zero may attend.

    A row that may attend to nothing has context zero, also in torch's operator.
    """
    visible = None
    if mask is not None:
        visible = (mask != 0).expand(*query.shape[:-1], key.shape[-2])
    return F.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), attn_mask=visible
    )


def linear(x: Tensor, projection: Projection) -> Tensor:
    """`torch.nn.functional.linear` in float64 with a role's weight and, where it exists, bias."""
    bias = None if projection.bias is None else projection.bias.double()
    return F.linear(x.double(), projection.weight.double(), bias)


def gradients(
    truth: Callable[..., Tensor],
    inputs: Mapping[str, Tensor],
    cotangent: Tensor,
    weights: Weights | None = None,
) -> dict[str, Tensor]:
    """True gradients in float64, by `"input query"`, `"query weight"`, `"query bias"`.

    `truth(**inputs)` for a function, `truth(weights, **inputs)` where weights are given. Inputs
    that are not floating (masks) are passed as they are.
    """
    leaves: dict[str, Tensor] = {}

    def leaf(name: str, tensor: Tensor) -> Tensor:
        leaves[name] = tensor.detach().double().requires_grad_()
        return leaves[name]

    passed: dict[str, Any] = {
        name: leaf(f"input {name}", t) if isinstance(t, Tensor) and t.is_floating_point() else t
        for name, t in inputs.items()
    }
    if weights is None:
        output = truth(**passed)
    else:
        roles = {
            role: Projection(
                leaf(f"{role} weight", p.weight),
                None if p.bias is None else leaf(f"{role} bias", p.bias),
            )
            for role, p in weights.items()
        }
        output = truth(roles, **passed)
    found = pull_back(output, list(leaves.values()), cotangent.double())
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True)
    }


# --- how close is right ---------------------------------------------------------------------------


ROUNDINGS = 1e-5
"""Of the truth's scale: always allowed in float32, and in float64 (float32 constants are fine)."""
CEILING = 3e-4
"""Of the truth's scale: never exceeded in float32 and float64."""
FEW = 4.0
"""A right answer may be this many times as far off as the plain implementation."""
HALF_ULPS = 4.0
SCORE_ULPS = 4.0
"""Units in the last place that the exponent of a weight may be off: eight roundings of half one."""

HALF = (torch.float16, torch.bfloat16)


def scale_of(*truths: Tensor) -> float:
    """The magnitude errors are measured against: the largest true value."""
    largest = [float(t.abs().max()) for t in truths if t.numel()]
    return max(largest, default=0.0) or 1.0


def allowed(
    truth: Tensor,
    dtype: torch.dtype,
    plain: Tensor | None = None,
    scale: float | None = None,
    *,
    scores: float = 0.0,
) -> float:
    """The largest absolute error a right answer may have.

    truth: float64 values. plain: the plain implementation's answer in `dtype`, if it was computed.
    scale: the magnitude to measure against, where that is not the truth's own (gradients).
    scores: the largest magnitude of a score, where that is far beyond the ordinary.
    """
    scale = scale_of(truth) if scale is None else scale
    own = (
        float((plain.double() - truth).abs().max()) if plain is not None and truth.numel() else 0.0
    )
    own = 0.0 if math.isnan(own) else own  # the plain implementation may itself be at a loss
    if dtype in HALF:
        return max(FEW * own, HALF_ULPS * torch.finfo(dtype).eps * scale)
    most = ceiling(truth, dtype, scale)
    return min(max(ROUNDINGS * scale, FEW * own), most) + _of_exponents(scores, scale)


def ceiling(
    truth: Tensor, dtype: torch.dtype, scale: float | None = None, *, scores: float = 0.0
) -> float:
    """What `allowed` never exceeds, however far off the plain implementation is."""
    if dtype in HALF:
        return math.inf
    scale = scale_of(truth) if scale is None else scale
    return CEILING * scale + _of_exponents(scores, scale)


def _of_exponents(scores: float, scale: float) -> float:
    return SCORE_ULPS * torch.finfo(torch.float32).eps * scores * scale
