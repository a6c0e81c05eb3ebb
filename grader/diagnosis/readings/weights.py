"""What the attention weights themselves say: who shares them out, their scale and their sums.

Asked is the X-ray: with the identity as value what comes out are the weights (L, S). Read are the
slope of their logarithm over QKᵀ (a factor, true: 1/√d_k) and the sums of their rows (true: 1).
Not readable where the answer is no matrix of weights, or the logarithm no straight line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from grader.diagnosis.readings.reading import TRUE, Reading
from grader.diagnosis.xray import HEADS, XRay, differ, effective_scale

LAWS: dict[str, Callable[[int], float]] = {
    TRUE: lambda width: 1 / math.sqrt(width),
    "no-scale": lambda _: 1.0,
    "scale-by-d": lambda width: 1 / width,
    "scale-multiplied": math.sqrt,
    "scale-of-the-model": lambda width: 1 / math.sqrt(HEADS * width),
}
"""Factors that have a name, by the width of query and key."""
CLOSE = 1e-3
"""Relative: two factors this close are one."""


WAYS: dict[str, tuple[int, bool]] = {
    TRUE: (-1, False),
    "softmax-over-queries": (-2, False),
    "weights-transposed": (-2, True),
    "query-key-swapped": (-1, True),
}
"""Over which axis weights may be normalised, and whether keys ask instead of queries."""


def right(xrays: Sequence[XRay]) -> Reading | None:
    """Whether the weights are the true ones altogether; not readable where they are not."""
    return None if not xrays or any(map(differ, xrays)) else Reading("weights")


def way(xrays: Sequence[XRay]) -> Reading | None:
    """Whether queries share out weight among keys, or how else the weights lie.

    Asked: the X-ray without a mask at two widths. Not readable: where log-weights are proportional
    to the scores in none of the ways, or in the true one and another.
    """
    value = _way(xrays)
    if value is None:
        return None
    return Reading("asks", value, "", WORDS[value]) if value else Reading("asks")


WORDS = {
    "softmax-over-queries": "the weights sum to 1 over the queries",
    "weights-transposed": "row i of what meets the values is column i of the weights",
    "query-key-swapped": "each key shares out its weight among the queries",
}


def _way(xrays: Sequence[XRay]) -> str | None:
    if not xrays:
        return None
    found = [v for v in WAYS if all(f is not None for f in _factors(xrays, v))]
    if TRUE in found:
        return TRUE
    return found[0] if len(found) == 1 else None


def _factors(xrays: Sequence[XRay], value: str) -> list[float | None]:
    over, swapped = WAYS[value]
    return [effective_scale(xray, over=over, swapped=swapped) for xray in xrays]


def scale(xrays: Sequence[XRay]) -> Reading | None:
    """The factor between QKᵀ and the log-weights, at two widths: a constant, where both agree.

    Asked: the X-ray without a mask at two widths. Unit: one over the width's root is true.
    Not readable: where log-weights and scores are not proportional.
    """
    value = _way(xrays)
    if value is None:
        return None
    found = [f for f in _factors(xrays, value) if f is not None]
    for value, law in LAWS.items():
        lawful = (law(xray.width) for xray in xrays)
        if all(abs(f / factor - 1) < CLOSE for f, factor in zip(found, lawful, strict=True)):
            return Reading("scale", value)
    if abs(found[0] - found[1]) <= CLOSE * abs(found[0]) and found[0] != 0:
        divisor = 1 / found[0]
        nice = round(divisor, 2)
        factor = f"{divisor:.5g}" if abs(nice - divisor) > 1e-4 * abs(divisor) else f"{nice:g}"
        number = f"(1 / {factor})"
        return Reading("scale", "scale-constant", number, f"the scores are divided by {factor}, "
                       "whatever the width")  # fmt: skip
    told = " and ".join(
        f"{f:.3g} at a width of {x.width}" for f, x in zip(found, xrays, strict=True)
    )
    return Reading("scale", "scale-power", "", f"the scores are multiplied by {told}")


def sums(xrays: Sequence[XRay]) -> Reading | None:
    """What the weights of each query sum to: 1, another constant, or less where keys are few.

    Asked: the X-ray without a mask. Unit: the true sum is 1. Not readable: where the weights are
    negative, or the sums fit neither a factor nor an addition to the denominator.
    """
    if not xrays:
        return None
    xray = xrays[0]
    weights = xray.weights
    if not bool(torch.isfinite(weights).all()) or bool((weights < -1e-6).any()):
        return None
    rows = weights.sum(-1)
    true = xray.truth.sum(-1)
    if torch.allclose(rows, true, atol=1e-4):
        return Reading("sums")
    columns = weights.sum(-2)
    if torch.allclose(columns, torch.ones_like(columns), atol=1e-4):
        return None  # a softmax over another axis, which an edit shows better
    if float(rows.max() - rows.min()) < 1e-4:
        return Reading("sums", "weights-scaled", f"{float(rows.mean()):.6g}",
                       f"each query's weights sum to {float(rows.mean()):.3g}")  # fmt: skip
    return _epsilon(xray)


def _epsilon(xray: XRay) -> Reading | None:
    """What was added to a denominator of exponentials, the largest of them 1 or as it is."""
    scores = xray.scores / math.sqrt(xray.width)
    seen = xray.truth > 0
    rows = xray.weights.sum(-1)
    for shifted in (scores - scores.where(seen, -torch.inf).amax(-1, keepdim=True), scores):
        total = shifted.exp().where(seen, 0.0).sum(-1)
        added = total * (1 / rows - 1)
        if float(added.std()) < 0.02 * abs(float(added.mean())) + 1e-5:
            number = f"{float(added.mean()):.3g}"
            return Reading("sums", "denominator-with-epsilon", number,
                           f"{number} is added to the softmax's denominator")  # fmt: skip
    return None
