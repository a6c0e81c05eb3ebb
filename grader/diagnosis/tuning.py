"""Another number in an edit: an epsilon, a bound or a constant may have any size.

Of an edit that brings one number along, those beside it are tried until its answers come no nearer
to the submission's. People write round numbers, so only such are tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from grader.kata.mutants import Edit

NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d+(?:e-?\d+)?|\d+e-?\d+|\d+)(?![\w.])")
SMALLEST = 5
"""Whole numbers below this are axes, powers and counts."""
ROUND = ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "7", "8", "9")
LADDER = tuple(float(f"{digit}e{power}") for power in range(-9, 6) for digit in ROUND)
"""Every number that is round, in their order."""
REACH = 2 * len(ROUND)
"""How far from an edit's own number others are tried: a hundredth of it to a hundred times."""


def number_in(edit: Edit) -> str:
    """The number that an edit brings along, if it is a single one that could as well be another."""
    there = set(NUMBER.findall(" ".join(edit.right)))
    brought = set(NUMBER.findall(" ".join(edit.wrong))) - there
    if len(brought) != 1:
        return ""
    (number,) = brought
    return "" if number.isdigit() and int(number) < SMALLEST else number


def with_number(edit: Edit, number: str, other: float) -> Edit:
    """The edit with another number in the place of its own."""
    pattern = rf"(?<![\w.]){re.escape(number)}(?![\w.])"
    return Edit(edit.right, tuple(re.sub(pattern, f"{other:g}", text) for text in edit.wrong))


def tuned(edit: Edit, error: Callable[[Edit], float]) -> Iterator[Edit]:
    """The edit with those numbers that come nearest, found by halving where the error is least."""
    number = number_in(edit)
    if not number:
        return
    own = min(range(len(LADDER)), key=lambda n: abs(LADDER[n] - float(number)))
    low, high = max(own - REACH, 0), min(own + REACH, len(LADDER) - 1)

    def at(rung: int) -> Edit:
        return with_number(edit, number, LADDER[rung])

    while high - low > 2:
        middle = (low + high) // 2
        if error(at(middle)) <= error(at(middle + 1)):
            high = middle
        else:
            low = middle + 1
    yield from map(at, range(low, high + 1))
