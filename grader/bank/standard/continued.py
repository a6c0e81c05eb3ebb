"""Claims about calls that go on from others, by what those returned beside their output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from grader.bank.calls import Call
from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw, Sizes
from grader.bank.standard.claim import STATE, claim
from grader.exchange.request import After

CHUNKINGS = (
    (1, 1, 1, 1, 1),
    (4, 1, 1, 1),
    (1, 6),
    (2, 3, 2),
    (3, 1, 2, 4),
    (5, 5),
    (1, 1, 7, 1),
    (7,),
)
"""Rows that are fed together: one by one, a beginning and then one by one, in uneven pieces."""


def after(call: int) -> After:
    """What a call of the same request, counted from 0, returned beside its output."""
    return After(call)


@dataclass(frozen=True)
class Feed:
    """Calls that feed so many rows each, in so many sequences, each going on from the last."""

    rows: Sequence[int]
    batch: int = 2
    first: int = 0
    """The number that the first of them has in its request."""

    def calls(self, definition: Definition, draw: Draw, layer: Layer) -> list[Call]:
        """They, with arguments."""
        name, calls = layer.kata.entry.state, list[Call]()
        for count in self.rows:
            call = definition.call(draw, layer, Sizes((self.batch,), count, count))
            calls.append(call if not calls else {**call, name: After(self.first + len(calls) - 1)})
        return calls


@claim("equivalence", STATE)
def continued(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """However it is cut, a sequence gives what it gives whole: in chunks, and one by one."""
    for heads, width in ((3, 4), (1, 5)):
        layer = definition.layer(candidate, Sizes(heads=heads, width=width))
        calls: list[Call] = []
        for number, rows in enumerate(CHUNKINGS):
            feed = Feed(rows, 1 + number % 3, len(calls))
            calls += feed.calls(definition, draw, layer)
        definition.holds(layer, *calls)


@claim("robustness", STATE)
def revisited(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """What a call returned gives the same again: continued twice, later, in any order."""
    layer = definition.layer(candidate)
    name, batch = layer.kata.entry.state, 2

    def rows(count: int, before: int | None = None) -> Call:
        call = definition.call(draw, layer, Sizes((batch,), count, count))
        return call if before is None else {**call, name: After(before)}

    step, other = rows(1, 0), rows(2, 0)
    calls = [rows(3), step, other, step, rows(1, 1), rows(1, 2), rows(4), rows(1, 6), step]
    calls += [rows(1, 3), rows(2, 4), rows(1, 1), rows(1, 7), rows(1, 0)]
    # Then everything is continued twice, four times over, and at last from what came first again:
    # a buffer with room to spare is shared by those who were made of the same.
    calls.append(rows(2))
    parents = [len(calls) - 1]
    for _ in range(3):
        children = [parent for parent in parents for _ in range(2)]
        parents = [len(calls) + n for n in range(len(children))]
        calls += [rows(1, parent) for parent in children]
    calls += [rows(1, parent) for parent in reversed(parents)]
    answers = layer.each(*calls)
    for again in (3, 8):
        if not torch.allclose(answers[again].output, answers[1].output, rtol=0, atol=1e-5):
            told = "continued a second time, in the same way, it gives something else"
            raise refuse(told, answers[again])
    definition.agree(answers)


@claim("robustness", STATE)
def interleaved(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Two sequences in turn, of one layer or of two, with batches of their own, do not mix."""
    layer, second = (definition.layer(candidate) for _ in range(2))
    name = layer.kata.entry.state
    asked: list[tuple[Layer, Call]] = []
    for turn in range(4):
        for place, (own, batch) in enumerate(((layer, 2), (layer, 1), (second, 3))):
            count = 1 + (turn == 0) * (3 + place)
            call = definition.call(draw, own, Sizes((batch,), count, count))
            asked.append((own, call if not turn else {**call, name: After(len(asked) - 3)}))
    definition.agree(candidate.in_turn(*asked))


@claim("numerics", STATE, stretch=True)
def continued_in_dtypes(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """In float64, float16 and bfloat16 as well, chunks give what the whole gives."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        layer = definition.layer(candidate).to(dtype)
        calls = Feed((3, 1, 2)).calls(definition, draw, layer)
        own = {n for n, axes in layer.kata.entry.axes.items() if axes}
        definition.holds(
            layer, *({n: v.to(dtype) if n in own else v for n, v in c.items()} for c in calls)
        )
