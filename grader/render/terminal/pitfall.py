"""`kata explain`: all there is to say about one mistake."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from grader.kata.kata import Kata
from grader.kata.mutants import Pitfall
from grader.render.terminal.hanging import Hanging
from grader.report.verdict import SURE, Finding

Told = Mapping[tuple[str, str], Finding]
"""What somebody's last attempt was told, by kata and name."""


def to_text(found: Sequence[tuple[Kata, Pitfall]], told: Told | None = None) -> RenderableType:
    """The mistake, as every kata that knows it tells it, and how sure it was the last time."""
    told = told or {}
    parts = (_one(kata, pitfall, told.get((kata.slug, pitfall.id))) for kata, pitfall in found)
    return Group(*(part for one in parts for part in one))


def list_text(found: Sequence[tuple[Kata, Pitfall]]) -> RenderableType:
    """Mistakes by name, each once, with the katas that know it."""
    katas: dict[str, list[str]] = {}
    first: dict[str, Pitfall] = {}
    for kata, pitfall in found:
        katas.setdefault(pitfall.id, []).append(kata.slug)
        first.setdefault(pitfall.id, pitfall)
    lines = [
        Hanging(
            Text.assemble(
                (name, "bold yellow" if pitfall.remark else "bold red"),
                f": {pitfall.title}  ", (", ".join(katas[name]), "dim"),
            ), 2, 2,
        )
        for name, pitfall in first.items()
    ]  # fmt: skip
    return Group(*lines, Text(), Text("more about one: kata explain NAME", "dim"))


def _one(kata: Kata, pitfall: Pitfall, finding: Finding | None) -> Iterator[RenderableType]:
    word, style = ("remark", "bold yellow") if pitfall.remark else ("error", "bold red")
    yield Text.assemble(
        (f"{word}[{pitfall.id}]", style),
        f": {finding.title if finding else pitfall.title}  ",
        (kata.slug, "dim"),
    )
    yield Text()
    if finding is not None:
        yield Text.assemble(
            ("in your last attempt: ", "bold"), f"{finding.certainty}: {SURE[finding.certainty]}"
        )
        if finding.seen:
            yield Text.assemble(("seen: ", "bold"), finding.seen)
        yield Text()
    yield Text(pitfall.explanation)
    yield Text()
    yield Text.assemble(("ask yourself: ", "bold"), pitfall.question)
    yield Text()
    if not pitfall.edits:
        return
    yield Text("how it looks, against one way to write it right:", "bold")
    text = kata.solution.read_text(encoding="utf-8")
    edited = pitfall.edits[0].apply(text) or text
    for line in difflib.unified_diff(edited.splitlines(), text.splitlines(), n=1, lineterm=""):
        if line.startswith(("---", "+++", "@@")):
            continue
        colour = {"-": "red", "+": "green"}.get(line[:1], "dim")
        deep = 6 + len(line[1:]) - len(line[1:].lstrip())
        yield Hanging(Text(f"  {line}", colour), deep, deep)
    yield Text()
