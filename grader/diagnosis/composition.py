"""Several mistakes in one text: edits are placed where they stood in the solution, side by side.

An edit made on an already edited text may no longer find its place. So every replacement is first
located in the solution itself and trimmed to what it changes; what only adds something before or
after a part of it, or wraps that, takes nothing away from others. Edits that change the same place
do not go together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grader.kata.mutants import Edit, indented


@dataclass(frozen=True, order=True)
class Change:
    """The text from `begin` to `end` of the solution is replaced; where they are equal, added."""

    begin: int
    end: int
    new: str
    closes: bool = False
    """Whether it is added behind what it belongs to."""


@lru_cache(maxsize=4096)
def changes(text: str, edit: Edit) -> tuple[Change, ...] | None:
    """An edit as changes of the text; None where some part is not there exactly once."""
    found: list[Change] = []
    for right, wrong in zip(edit.right, edit.wrong, strict=True):
        if text.count(right) != 1:
            return None
        begin = text.index(right)
        new = indented(wrong, text, begin)
        if right == new:
            continue
        found += _around(begin, right, new) or _trimmed(begin, right, new)
    return tuple(found)


def _around(begin: int, right: str, new: str) -> list[Change]:
    """What is added before and behind a part that stays as it is; nothing where it does not."""
    if not right.strip() or new.count(right) != 1:
        return []
    place, end = new.index(right), begin + len(right)
    before, after = new[:place], new[place + len(right) :]
    opened = [Change(begin, begin, before)] if before else []
    return [*opened, Change(end, end, after, closes=True)] if after else opened


def _trimmed(begin: int, right: str, wrong: str) -> list[Change]:
    """Without the words that both begin and end with: others may change those."""
    ours, theirs = _words(right), _words(wrong)
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    for before, behind in ((head, 0), (0, tail), (head, tail)):
        start, old = begin + len("".join(ours[:before])), "".join(ours[before : len(ours) - behind])
        new = "".join(theirs[before : len(theirs) - behind])
        wrapped = _around(start, old, new)
        if wrapped:
            return wrapped
    return [Change(start, start + len(old), new)]


def _words(text: str) -> list[str]:
    """The text in words and single other characters."""
    words: list[str] = []
    for letter in text:
        if (
            words
            and (letter.isalnum() or letter in "_.")
            and (words[-1][-1].isalnum() or words[-1][-1] in "_.")
        ):
            words[-1] += letter
        else:
            words.append(letter)
    return words


def compose(text: str, edits: Iterable[Edit]) -> str | None:
    """The text with all of the edits in it; None where two of them change the same place."""
    wanted: dict[Change, None] = {}
    for edit in edits:
        found = changes(text, edit)
        if found is None:
            return None
        wanted |= dict.fromkeys(found)
    return _written(text, sorted(_nested(wanted), key=lambda change: (change.begin, change.end)))


def _nested(changes: Iterable[Change]) -> list[Change]:
    """What closes before what opens at the same place; of brackets, the last opened closes first.

    Whole lines that are added behind another one stay in the order in which they come.
    """
    both = list(changes)
    lines = [c for c in both if c.closes and c.new.startswith("\n")]
    brackets = [c for c in both if c.closes and c not in lines]
    return [*reversed(brackets), *lines, *(c for c in both if not c.closes)]


def _written(text: str, placed: Sequence[Change]) -> str | None:
    parts: list[str] = []
    done = 0
    for change in placed:
        if change.begin < done:
            return None
        parts += [text[done : change.begin], change.new]
        done = change.end
    return "".join([*parts, text[done:]])
