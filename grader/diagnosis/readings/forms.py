"""How scores may become weights otherwise than by one softmax: forms with one number to be found.

The number is what QKᵀ is multiplied with: so a form and a scale are both read where both are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from grader.diagnosis.xray import XRay

Form = Callable[[Tensor], Tensor]
"""From scores (…, L, S), −inf where nothing is seen, to weights."""
STEPS = 20
"""Factors that are tried in each round, on either side of the best so far."""
WIDEST, NARROWER = 64.0, 0.1
"""From 1/64 of the true scale to 64 times it in the first round; a tenth of that in the next."""
ROUNDS = 5
NEAR, EXACT = 0.2, 1e-4
"""Of the largest weight: how close a form has to come to be looked at again, and to be it."""


def _twice(scores: Tensor) -> Tensor:
    weights = scores.softmax(-1)
    return weights @ weights


def _summed(form: Form) -> Form:
    return lambda scores: form(scores) / form(scores).sum(-1, keepdim=True)


FORMS: tuple[tuple[str, Form], ...] = (
    ("weights-applied-twice", _twice),
    ("softmax-twice", lambda s: s.softmax(-1).where(s > -math.inf, -math.inf).softmax(-1)),
    ("scores-squashed", lambda s: s.tanh().where(s > -math.inf, -math.inf).softmax(-1)),
    ("scores-squashed", lambda s: s.sigmoid().where(s > -math.inf, -math.inf).softmax(-1)),
    ("scores-through-an-activation",
     lambda s: s.relu().where(s > -math.inf, -math.inf).softmax(-1)),
    ("scores-through-an-activation",
     lambda s: s.abs().where(s > -math.inf, -math.inf).softmax(-1)),
    ("not-a-softmax", torch.sigmoid),
    ("not-a-softmax", _summed(torch.sigmoid)),
    ("not-a-softmax", torch.tanh),
    ("not-a-softmax", torch.nn.functional.softplus),
    ("not-a-softmax", lambda s: (-s).where(s > -math.inf, -math.inf).softmax(-1)),
    ("no-softmax", lambda s: s.nan_to_num(0.0, 0.0, 0.0)),
)  # fmt: skip
"""What a value of the vocabulary makes of scores."""


def multiple(form: Form, xray: XRay) -> float | None:
    """What QKᵀ has to be multiplied with for a form to give these weights; None where nothing."""
    scores = xray.scores.where(xray.weights.abs() > 1e-12, -math.inf)
    largest = float(xray.weights.abs().max())
    best, spread = 1 / math.sqrt(xray.width), math.log(WIDEST)
    for round_ in range(ROUNDS):
        steps = torch.linspace(-spread, spread, 2 * STEPS + 1, dtype=torch.float64)
        tried = best * steps.exp()
        off = (form(tried[:, None, None] * scores) - xray.weights).abs().amax((-2, -1)) / largest
        place = int(off.nan_to_num(math.inf).argmin())
        best, error = float(tried[place]), float(off[place])
        if not error < (EXACT if round_ == ROUNDS - 1 else NEAR):
            return None
        spread *= NARROWER
    return best
