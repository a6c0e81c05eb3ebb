"""Known mistakes of a kata: each an edit of the solution's text, with what to tell the candidate.

One table serves three ends: the edits are the mutants that prove a bank, the code a diagnosis
compares a submission with, and what `kata explain` tells.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from grader.kata.kata import Kata, KataError
from grader.kata.refused import Refused


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
            text = text.replace(right, wrong)
        return text


@dataclass(frozen=True)
class Pitfall:
    """A mistake with a name. A remark costs stars; every other pitfall is refused."""

    id: str
    title: str
    explanation: str
    question: str
    check: str
    edits: tuple[Edit, ...]
    catalogue: tuple[str, ...] = ()
    look: str = ""
    grows: str = ""
    """For slow code: what its number of torch calls grows with (batch, rows or heads)."""
    heatmap: bool = False
    remark: bool = False
    excludes: tuple[str, ...] = ()


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


def load_pitfalls(kata: Kata) -> tuple[Pitfall, ...]:
    """Read `pitfalls.toml`: first what is refused, then what only costs stars."""
    table = kata.table("pitfalls.toml")
    try:
        refused = [_read(row, remark=False) for row in table.get("pitfall", ())]
        remarks = [_read(row, remark=True) for row in table.get("remark", ())]
    except (KeyError, TypeError, ValueError) as error:
        raise KataError(f"{kata.folder / 'pitfalls.toml'}: {error!r}") from error
    return (*refused, *remarks)


def _read(row: dict[str, Any], *, remark: bool) -> Pitfall:
    edits = tuple(Edit(_several(e["right"]), _several(e["wrong"])) for e in row["edit"])
    if any(len(edit.right) != len(edit.wrong) for edit in edits):
        raise ValueError(f"{row['id']}: `right` and `wrong` differ in number")
    return Pitfall(
        id=row["id"],
        title=row["title"],
        explanation=" ".join(row["explanation"].split()),
        question=row["question"],
        check=row["check"],
        edits=edits,
        catalogue=tuple(row.get("catalogue", ())),
        look=row.get("look", ""),
        grows=row.get("grows", ""),
        heatmap=row.get("heatmap", False),
        remark=remark,
        excludes=tuple(row.get("excludes", ())),
    )


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def singles(pitfalls: Sequence[Pitfall], text: str) -> Iterator[Mutant]:
    """Every edit of every pitfall."""
    for pitfall in pitfalls:
        for edit in pitfall.edits:
            edited = edit.apply(text)
            if edited is None:
                raise KataError(f"pitfall {pitfall.id}: {edit.right} is not once in the solution")
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


def find_pitfall(katas: Sequence[Kata], name: str) -> list[tuple[Kata, Pitfall]]:
    """Pitfalls called `name`, in every kata that has one; Refused guesses otherwise."""
    known = [(kata, pitfall) for kata in katas for pitfall in load_pitfalls(kata)]
    found = [(kata, p) for kata, p in known if p.id == name]
    if found:
        return found
    guess = difflib.get_close_matches(name, [p.id for _, p in known], n=1, cutoff=0.4)
    hint = f"did you mean `{guess[0]}`?" if guess else "`kata grade` names them."
    raise Refused(f"there is no pitfall `{name}`: {hint}")
