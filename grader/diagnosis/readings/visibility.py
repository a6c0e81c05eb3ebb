"""Which keys reach which queries where nothing is masked, at more keys than the usual windows have.

Asked is one sequence and some copies of it in each of which one token is another, of a layer whose
query and key weights are zero, so that each query takes evenly what it sees. Read are the rows of
the answer that change with each of these tokens, as offsets i − j of query and key. Not readable:
where the pattern is no band, or another rule than the whole or the past is the true one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.diagnosis.probes import SIZES
from grader.diagnosis.readings.reading import Reading
from grader.diagnosis.readings.weights import Law
from grader.diagnosis.settings import can_be_even, even_inputs, quiet, setting
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault

ASPECT = "visibility"
TOKENS = 72
"""More than the 64 of a usual block."""
CHANGED = torch.tensor((0, 7, 8, 15, 16, 31, 32, 36, 63, 64, 71))
"""The tokens that are changed, each in a copy: those where usual lengths end, and a middle one."""
APART = 8.0
"""By how much a token is another one in its copy."""
FAINT = 0.02
"""Of an even share in the change: less than that is nothing."""
Ask = Callable[[Request], tuple[Answer, ...]]


@dataclass(frozen=True)
class Band:
    """Keys j with low ≤ i − j ≤ high are seen by query i; without an end where None."""

    low: int | None
    high: int | None


UNRULED, FILLED = "causal-rule-missing", "future-filled-too-weakly"
"""What is read where all is seen: no rule, or one that fills with what hides nothing."""
ALL, PAST = Band(None, None), Band(0, None)


def visibility(
    kata: Kata, layout: Layout, ask: Ask, truth: Ask, draw: Draw, *, law: Law | None = None
) -> Reading | None:
    """What is seen, beside what should be.

    law: how weights follow from scores: what all keys are seen by may be a fill of 0, as good as
    no rule where all scores are 0.
    """
    request = _request(kata, layout, draw)
    if request is None:
        return None
    try:
        seen, right = (reached(side(request)[0].output) for side in (ask, truth))
    except Fault:
        return None
    if seen is None or right is None or seen.shape != right.shape:
        return None
    found = _named(seen, right) if band(right) in (ALL, PAST) else None
    if found is None or found.value != UNRULED or (law is not None and not law.ruled):
        return found
    words = "keys that should be hidden get an equal weight"
    return None if law is None else replace(found, value=FILLED, words=words)


def _request(kata: Kata, layout: Layout, draw: Draw) -> Request | None:
    """All copies in one call; None where no argument is what is handed over."""
    name = kata.entry.reads.get("value")
    if name is None or kata.entry.axes[name].words[-2:-1] == ():
        return None
    copies = len(CHANGED) + 1
    sizes = {**SIZES, "B": copies, "L": TOKENS, "S": TOKENS}
    place = quiet(setting(kata, layout, draw, sizes, heads=1, width=4, lead=(copies,)))
    if not can_be_even(place):
        return None
    given: dict[str, Any] = {
        name: value[:1].expand_as(value).clone()
        if isinstance(value, Tensor) and value.size(0) == copies
        else value
        for name, value in even_inputs(place, draw).items()
    }
    handed = given[name]
    if handed.size(0) != copies or handed.size(-2) != TOKENS:
        return None
    for copy, token in enumerate(CHANGED.tolist(), 1):
        handed[copy, ..., token, :] += APART
    return place.request(Call(given))


def reached(output: Tensor) -> Tensor | None:
    """Which rows change with which token: (queries, changed keys), true for those that do."""
    if output.shape[:1] != (len(CHANGED) + 1,) or not bool(torch.isfinite(output).all()):
        return None
    change = (output[1:] - output[:1]).double().flatten(2 if output.dim() == 3 else 3)
    change = change if output.dim() == 3 else change.transpose(1, 2).flatten(2)
    moved = change.abs().amax(-1).T
    return moved > FAINT * APART / TOKENS


def band(seen: Tensor) -> Band | None:
    """The pattern as a band; None where it is none."""
    offsets = _offsets(seen)
    if not bool(seen.any()):
        return None
    low, high = int(offsets[seen].min()), int(offsets[seen].max())
    if not torch.equal(seen, (offsets >= low) & (offsets <= high)):
        return None
    most = TOKENS - 1
    return Band(None if low <= -most else low, None if high >= most else high)


def _offsets(seen: Tensor) -> Tensor:
    return torch.arange(seen.size(0))[:, None] - CHANGED


def _named(seen: Tensor, right: Tensor) -> Reading | None:
    if torch.equal(seen, right):
        return Reading(ASPECT)
    first = int(CHANGED[~seen.any(0)].min()) if not bool(seen.any(0).all()) else TOKENS
    if first - 1 in CHANGED and torch.equal(seen, right & (first > CHANGED)):
        words = f"no query sees more than the first {first} keys"
        return Reading("length", "first-keys-only", str(first), words)
    if torch.equal(seen, right & (_offsets(seen) != 0)):
        return Reading(ASPECT, _itself(right), "", "no query sees the key at its own place")
    found = band(seen)
    if found is None:
        return None
    value = _called(found, causal=band(right) == PAST)
    low = -TOKENS if found.low is None else found.low
    high = TOKENS if found.high is None else found.high
    return Reading(ASPECT, value, f"({low}, {high})", _told(found)) if value else None


def _itself(right: Tensor) -> str:
    return "hides-self" if band(right) == PAST else "itself-hidden"


def _called(found: Band, *, causal: bool) -> str:
    """What a band is called where all, or the past, should be seen; empty where it has no name."""
    low, high = found.low, found.high
    if low is None and high is None:
        return UNRULED
    if high is None:
        ahead = "leaks-one" if low is not None and low < 0 else "hides-self"
        return ahead if causal else ("causal-by-habit" if low == 0 else "visibility-shifted")
    if low is None:
        return "sees-the-future" if causal and high <= 0 else "" if causal else "visibility-shifted"
    return "window-uninvited"


def _told(found: Band) -> str:
    """A band in words: how far a query sees ahead of its own place, and back."""
    if found == ALL:
        return "every query sees every key"
    ahead = None if found.low is None else -found.low
    ends = [_end(ahead, "ahead"), _end(found.high, "back")]
    return f"a query sees keys {' and '.join(end for end in ends if end)} of its place"


def _end(most: int | None, way: str) -> str:
    if most is None:
        return ""
    back = {"ahead": "back", "back": "ahead"}[way]
    return f"at most {most} {way}" if most >= 0 else f"at least {-most} {back}"
