"""Whether something is added to the tokens that depends on where they stand.

Asked are two inputs at two lengths, of a layer whose query and key weights are zero, so that each
token takes evenly what it sees. Read is how far the answers are off: by the same amount for both
inputs, and by another one at the other length. Not readable: where they are off by anything that
follows the input.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from grader.bank.draw import Draw
from grader.diagnosis.probes import SIZES
from grader.diagnosis.readings.reading import Reading
from grader.diagnosis.settings import even_inputs, quiet, setting
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault

ASPECT = "added"
LENGTHS = (2, 6)
ALIKE = 1e-4
"""Of the answers' scale."""
Ask = Callable[[Request], tuple[Answer, ...]]


def positions(kata: Kata, layout: Layout, ask: Ask, truth: Ask, draw: Draw) -> Reading | None:
    """What is added to each token, by its place; true where nothing is off."""
    if not kata.entry.is_module:
        return None
    off = []
    for length in LENGTHS:
        place = quiet(setting(kata, layout, draw, {**SIZES, "L": length, "S": length}))
        calls = (Call(even_inputs(place, draw)) for _ in range(2))
        found = _off(ask, truth, place.request(*calls))
        if found is None:
            return None
        off.append(found)
    short, long = off
    if torch.allclose(short, long[..., : short.size(-2), :], atol=ALIKE):
        return None  # a bias, the same at any length
    said = "what comes out is off by the same amount whatever the input, and by another one at "
    return Reading(ASPECT, "positions-added", "", f"{said}another length")


def _off(ask: Ask, truth: Ask, request: Request) -> torch.Tensor | None:
    """By how much the answers to two inputs are off, where it is by the same."""
    try:
        pairs = [[a.output.double() for a in side(request)] for side in (ask, truth)]
    except Fault:
        return None
    one, two = (ours - true if ours.shape == true.shape else None
                for ours, true in zip(*pairs, strict=True))  # fmt: skip
    if one is None or two is None or not bool(torch.isfinite(one + two).all()):
        return None
    scale = float(pairs[1][0].abs().max())
    return one if float((one - two).abs().max()) < ALIKE * scale else None
