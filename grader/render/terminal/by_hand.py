"""A worked example: what was given, and yours beside what is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from grader.kata.kata import Kata
from grader.render.terminal.hanging import Hanging
from grader.report.by_hand import ByHand, Matrix, Worked
from grader.report.verdict import Check
from grader.report.words import printable

BESIDE = 4
"""Columns between yours and what is right."""


def to_text(kata: Kata, tried: ByHand | Check) -> RenderableType:
    """The whole example, or why the submission cannot be tried."""
    return Group(*_parts(kata, tried))


def _parts(kata: Kata, tried: ByHand | Check) -> Iterator[RenderableType]:
    if isinstance(tried, Check):
        yield from _failure(tried)
        return
    for note in tried.notes:
        yield Hanging(Text(f"note: {printable(note)}", "dim"), 6, 6)
    if tried.built:
        yield Hanging(Text(tried.built), 2, 2)
    shown: set[str] = set()
    for call in tried.calls:
        yield from _call(call, shown)
    if tried.output:
        yield Text("\nyour code printed:", "bold")
        for line in tried.output.splitlines():
            yield Hanging(Text(f"   {printable(line)}", "dim"), 3, 3)
    yield Text()
    if tried.agrees:
        yield Text.assemble(("they agree", "green"), ", which is a start and no proof")
    else:
        yield Text("they differ", "red")
    yield Text(f"next: kata grade {kata.slug}  (this was no attempt)", "dim")


def _call(call: Worked, shown: set[str]) -> Iterator[RenderableType]:
    """What is new in this call, and what came of it."""
    wide = max(map(len, call.given))
    for name, matrices in call.given.items():
        if name not in shown:
            yield Text()
            for number, line in enumerate(_lines(matrices, plain=True)):
                yield Text.assemble((f"{name if not number else '':<{wide}}  ", "bold"), line)
    shown |= set(call.given)
    yield Text()
    yield Text(f"with {', '.join(call.given)}:", "bold")
    if call.failure is not None:
        yield from _failure(call.failure)
        yield Beside(Text("right", "bold"), _lines(call.right), Text(), ())
        return
    mark = Text("yours ✓" if call.agrees else "yours ✗", "green" if call.agrees else "red")
    yield Beside(mark, _lines(call.got), Text("right", "bold"), _lines(call.right))


def _failure(check: Check) -> Iterator[RenderableType]:
    yield Hanging(Text.assemble(("error", "bold red"), f": {printable(check.message)}"), 4, 4)
    for frame in check.evidence.frames[-1:]:
        yield Hanging(Text(f"  line {frame.line}: {printable(frame.text)}", "dim"), 4, 4)


@dataclass(frozen=True)
class Beside:
    """Two blocks of numbers: side by side or, where there is no room, one below the other."""

    left_title: Text
    left: Sequence[str]
    right_title: Text
    right: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        left = [self.left_title, *map(Text, self.left)]
        right = [self.right_title, *map(Text, self.right)]
        wide = max(line.cell_len for line in left)
        if wide + BESIDE + max(line.cell_len for line in right) + 3 > options.max_width:
            yield from (Text.assemble("   ", line) for line in (*left, *right) if line.cell_len)
            return
        for number in range(max(len(left), len(right))):
            mine = left[number] if number < len(left) else Text()
            theirs = right[number] if number < len(right) else Text()
            line = Text.assemble("   ", mine, " " * (wide - mine.cell_len + BESIDE), theirs)
            line.rstrip()
            yield line


def _lines(matrices: Sequence[Matrix], *, plain: bool = False) -> list[str]:
    """Rows of numbers, aligned; whole numbers as such where they are what was given."""
    texts = [[[_number(v, plain=plain) for v in row] for row in matrix] for matrix in matrices]
    wide = max((len(t) for matrix in texts for row in matrix for t in row), default=0)
    return ["  ".join(f"{t:>{wide}}" for t in row) for matrix in texts for row in matrix]


def _number(value: float, *, plain: bool) -> str:
    return f"{value:g}" if plain else f"{value:.4f}"
