"""A submission as lines with numbers, coloured a little, some of them marked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from grader.report.verdict import Check, Report
from grader.report.words import own_lines, pointed_lines

COLOURED = 64 * 1024
"""Characters up to which a text is coloured; beyond, it is shown as it is."""
AROUND = 2
"""Lines of context above and below a marked one."""

COLOURS = (
    ("Comment", "comment"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Function", "name"),
    ("Name.Class", "name"),
    ("Name.Decorator", "name"),
)
"""Kinds of token, and the few colours they are shown in."""

Parts = tuple[tuple[str, str], ...]
"""Pieces of a line, each with its colour ("" for none)."""


@dataclass(frozen=True)
class Line:
    """One line of a submission."""

    number: int
    parts: Parts
    marked: bool = False
    gap: bool = False
    """Whether lines are left out above it."""


def whole(report: Report, marked: Collection[int] = ()) -> tuple[Line, ...]:
    """The submission from top to bottom."""
    coloured = _coloured(report.submission.source.rstrip("\n"))
    return tuple(Line(n, parts, n in marked) for n, parts in enumerate(coloured, 1))


def excerpt(report: Report, check: Check) -> tuple[Line, ...]:
    """The lines to look at, with a little of what stands around them."""
    own, marked = own_lines(report, check), pointed_lines(report, check)
    known = {line.number: line.parts for line in whole(report)}
    near = {n for m in marked for n in range(m - AROUND, m + AROUND + 1)}
    shown = sorted(n for n in near if n in own)
    for end in (0, -1):
        while shown and shown[end] not in marked and not own[shown[end]].strip():
            shown.pop(end)
    before = {b: b > a + 1 for a, b in pairwise(shown)}
    return tuple(
        Line(n, known.get(n, (("", own[n]),)), n in marked, before.get(n, False)) for n in shown
    )


@cache
def _colour(kind: object) -> str:
    return next((c for k, c in COLOURS if str(kind).startswith(f"Token.{k}")), "")


def _coloured(source: str) -> Iterator[Parts]:
    if not source:
        return
    if len(source) > COLOURED:
        yield from ((("", line),) for line in source.split("\n"))
        return
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    parts: list[tuple[str, str]] = [("", "")]
    # What the lexer does beyond telling tokens apart (strip, add a line end) is turned off.
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        colour = _colour(kind)
        first, *rest = text.split("\n")
        if parts[-1][0] == colour:
            parts[-1] = (colour, parts[-1][1] + first)
        else:
            parts.append((colour, first))
        for line in rest:
            yield tuple(p for p in parts if p[1])
            parts = [(colour, line)]
    yield tuple(p for p in parts if p[1])
