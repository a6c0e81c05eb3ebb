"""What becomes of the context on its way out: something added to it, its length or sign taken away.

Asked are calls without a mask, and one whose values are all zero, so that nothing is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from grader.diagnosis.readings.behaviour import PLAIN
from grader.diagnosis.readings.reading import Reading, Seen

CLOSE = 1e-3
"""Of 1: a mean of 0, a variance or length of 1 are met as nearly as this."""


def residual(ours: Tensor, true: Tensor, given: Mapping[str, Any]) -> Reading | None:
    """What is added to the result, as a multiple of an argument; true: nothing.

    Asked: a call whose values are all zero. Not readable: where more is added than one argument.
    """
    off = (ours - true).double()
    if not bool(torch.isfinite(off).all()):
        return None
    if float(off.abs().max()) < CLOSE:
        return Reading("residual")
    for name, argument in given.items():
        if not isinstance(argument, Tensor) or argument.shape != off.shape:
            continue
        added = argument.double()
        factor = float((off * added).sum() / (added * added).sum().clamp(min=1e-9))
        if float((off - factor * added).abs().max()) < CLOSE:
            words = f"where all values are zero, {factor:.3g} times `{name}` comes out"
            return Reading("residual", "residual-inside", "", words)
    return None


def normalised(seen: Seen) -> Reading | None:
    """Whether each row comes out with mean 0 and variance 1, with length 1, or without a sign.

    Asked: calls without a mask. Not readable: where rows have one entry, or all are zero.
    """
    pairs = [both for both in map(seen.both, PLAIN) if both is not None]
    outputs = [ours.output.double() for ours, _ in pairs]
    rows = [one for one in outputs if one.dim() and one.size(-1) > 2]
    if len(rows) < len(PLAIN) or not all(bool(torch.isfinite(one).all()) for one in rows):
        return None
    if all(_standard(one) for one in rows):
        return _reading("result-normalised", "each row of the result has mean 0 and variance 1")
    if all(_near(one.norm(dim=-1), 1.0) for one in rows):
        return _reading("result-normalised", "each row of the result has length 1")
    cut = seen.both("even weights")  # values without a sign come out as a mean of what is left
    if cut is not None and bool((cut[1].output < -CLOSE).any()):
        ours, true = (answer.output.double() for answer in cut)
        if ours.shape == true.shape and float((ours - true.relu()).abs().max()) < CLOSE:
            return _reading("activation-on-the-result", "no entry of the result is negative")
    return None


def _standard(rows: Tensor) -> bool:
    return _near(rows.mean(-1), 0.0) and any(
        _near(rows.var(-1, correction=less), 1.0) for less in (0, 1)
    )


def _near(found: Tensor, expected: float) -> bool:
    return bool(((found - expected).abs() < CLOSE).all())


def _reading(value: str, words: str) -> Reading:
    return Reading("result", value, "", words)
