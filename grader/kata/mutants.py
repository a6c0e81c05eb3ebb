"""The solution with mistakes in it: edits of its text, one at a time and two together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product


@dataclass(frozen=True)
class Edit:
    """Replacements made together; every `right` stands exactly once in the text."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]

    def apply(self, text: str) -> str | None:
        """The edited text, or None where some part is not there exactly once."""
        for right, wrong in zip(self.right, self.wrong, strict=True):
            if text.count(right) != 1:
                return None
            place = text.index(right)
            text = text[:place] + indented(wrong, text, place) + text[place + len(right) :]
        return text

    def beside(self, other: Edit) -> Edit:
        """Both edits as one."""
        return Edit(self.right + other.right, self.wrong + other.wrong)


def indented(wrong: str, text: str, place: int) -> str:
    """Further lines of a replacement stand as deep as the line it begins on."""
    line = text[text.rfind("\n", 0, place) + 1 :]
    depth = line[: len(line) - len(line.lstrip(" "))]
    first, *more = wrong.split("\n")
    return "\n".join([first, *(depth + below if below.strip() else below for below in more)])


@dataclass(frozen=True)
class Pitfall:
    """A mistake with a name. A remark costs stars; every other pitfall is refused."""

    id: str
    title: str
    explanation: str
    question: str
    check: str
    edits: tuple[Edit, ...]
    look: str = ""
    grows: str = ""
    """For code that costs too much: what a Python loop runs over (batch, rows, heads or width), or
    what comes of a broadcast product (scores or context)."""
    heatmap: bool = False
    remark: bool = False
    excludes: tuple[str, ...] = ()
    reading: tuple[tuple[str, str], ...] = ()
    """What the mistake shows in an experiment, aspect by aspect."""
    unplaced: tuple[str, ...] = ()
    """Edits of another kata that have no place in this solution, as they are written there."""


@dataclass(frozen=True)
class Mutant:
    """The solution with one or two mistakes in it."""

    pitfalls: tuple[Pitfall, ...]
    edits: tuple[Edit, ...]
    text: str
    origin: str = ""
    """What it is called where it has no mistake to be called by."""

    @property
    def name(self) -> str:
        """The mistakes' ids."""
        return " + ".join(p.id for p in self.pitfalls) or self.origin


def singles(pitfalls: Sequence[Pitfall], text: str) -> Iterator[Mutant]:
    """Every edit of every pitfall that has a place in the text: in the solution, all of them."""
    for pitfall in pitfalls:
        for edit in pitfall.edits:
            edited = edit.apply(text)
            if edited is not None:
                yield Mutant((pitfall,), (edit,), edited)


def pairs(
    pitfalls: Sequence[Pitfall],
    text: str,
    *,
    spellings: bool = False,
    wanted: Callable[[Edit, Edit], bool] = lambda *_: True,
) -> Iterator[Mutant]:
    """Every two compatible pitfalls, by their first edits that go together, or by all of them.

    `wanted` leaves out combinations of edits before anything is done with them.
    """
    for one, other in combinations(pitfalls, 2):
        if other.id in one.excludes or one.id in other.excludes:
            continue
        for first, second in product(one.edits, other.edits):
            edited = _both(first, second, text) if wanted(first, second) else None
            if edited is not None:
                yield Mutant((one, other), (first, second), edited)
                if not spellings:
                    break


def _both(first: Edit, second: Edit, text: str) -> str | None:
    """Both edits, where they touch different places: then their order does not matter."""
    one = first.apply(text)
    two = second.apply(text)
    if one is None or two is None:
        return None
    there, back = second.apply(one), first.apply(two)
    return there if there is not None and there == back and there not in (one, two) else None
