"""`kata verify`: run the author's gate, and show what it killed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.table import Table

from grader.kata import Kata
from grader.render.text import make_console
from grader.session import Session
from grader.verify import Verification, verify


def run(katas: Sequence[Kata], seed: int | None = None) -> bool:
    """Verify katas one after another; whether all are fit."""
    console, progress = make_console(), make_console(stderr=True)
    outcomes = []
    with Session() as session:
        for kata in katas:
            say = partial(_say, progress, kata.slug)
            outcomes.append(verify(kata, session, say, seed))
    console.print(table(outcomes))
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(f"✗ {problem}", markup=False)
    return all(outcome.fit for outcome in outcomes)


def _say(console: Console, kata: str, what: str) -> None:
    console.print(f"{kata}: {what} …")


def table(outcomes: Sequence[Verification]) -> Table:
    """Mutants killed, a row for each kata."""
    shown = Table(box=None, pad_edge=False)
    for title in ("kata", "checks", "pitfalls", "edits caught", "pairs refused", "fit"):
        shown.add_column(title, justify="left" if title == "kata" else "right")
    for o in outcomes:
        shown.add_row(
            o.kata,
            str(o.checks),
            str(o.pitfalls),
            f"{o.edits_caught}/{o.edits}",
            f"{o.pairs_refused}/{o.pairs}",
            "yes" if o.fit else f"no: {len(o.problems)} problems",
        )
    return shown
