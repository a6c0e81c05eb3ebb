"""Which way a submission goes where more than one is right: told by its answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grader.diagnosis.comparison import Case, Suspect, cost
from grader.exchange.answer import Exchange
from grader.exchange.layout import Layout
from grader.exchange.local import load_variant
from grader.kata.kata import Kata
from grader.kata.pitfalls import load_conventions

ENOUGH = 24
"""So many requests, the small ones first, tell the ways apart."""


@dataclass(frozen=True)
class Way:
    """One right way to do it: a whole text, and what a report calls it."""

    text: str
    title: str = ""


def ways(kata: Kata) -> list[Way]:
    """The solution's way, then its alternatives."""
    solution = kata.solution.read_text(encoding="utf-8")
    known = [Way(c.edit.apply(solution) or "", c.title) for c in load_conventions(kata)]
    own = [way for way in known if way.text == solution]
    return [*(own or [Way(solution)]), *(way for way in known if way.text != solution)]


def nearest(kata: Kata, exchanges: Iterable[Exchange], layout: Layout) -> list[Way]:
    """The ways that give most of a submission's answers: one, where the answers can tell."""
    known = ways(kata)
    if len(known) == 1:
        return known
    shapes = sorted(shape for _, shape in layout.found)
    cases = sorted((Case((exchange,), shapes) for exchange in exchanges), key=cost)[:ENOUGH]
    own = load_variant(kata, known[0].text).layout
    frames: dict[int, bytes] = {}

    def given(way: Way) -> int:
        suspect = Suspect(kata, way.text, own, frames)
        return sum(suspect.explains(case) is not None for case in cases)

    counts = [given(way) for way in known]
    return [way for way, count in zip(known, counts, strict=True) if count == max(counts)]
