"""What the author's gate found: the mutants it killed, kata by kata."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from grader.author.gate import Verification


def table(outcomes: Sequence[Verification]) -> Table:
    """Mutants killed, a row for each kata."""
    shown = Table(box=None, pad_edge=False)
    for title in ("kata", "checks", "pitfalls", "edits caught", "unplaced", "pairs refused", "fit"):
        shown.add_column(title, justify="left" if title == "kata" else "right")
    for o in outcomes:
        shown.add_row(
            o.kata,
            str(o.checks),
            str(o.pitfalls),
            f"{o.edits_caught}/{o.edits}",
            str(o.unplaced),
            f"{o.pairs_refused}/{o.pairs}",
            "yes" if o.fit else f"no: {len(o.problems)} problems",
        )
    return shown
