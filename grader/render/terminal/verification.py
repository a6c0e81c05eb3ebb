"""The author's gate as it is watched, and what it found, kata by kata."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from grader.author.gate import Step, Verification
from grader.render.terminal.progress import LivingLine, bar

SOON, OFTEN = 2.0, 30.0
"""Seconds into a stage when it is first said how long it will take, and then again and again."""


@dataclass
class Watching:
    """Which kata, which stage, how far, how long still: told as it goes.

    On a terminal in one living line, elsewhere in a line for each stage and, of one that takes its
    time, now and then another. What is left is reckoned from what this very stage took so far.
    """

    katas: Sequence[str]
    console: Console
    line: LivingLine
    clock: Callable[[], float] = time.monotonic
    begun: float = field(default=0.0, init=False)
    told: float = field(default=0.0, init=False)
    """When it was last said how long it will take."""

    def __call__(self, step: Step) -> None:
        """Another step is done, or a stage begins."""
        now = self.clock()
        begins = step.done == 0
        if begins:
            self.begun, self.told = now, now + SOON - OFTEN
        where = f"{step.kata}{self._nth(step.kata)}"
        left = _left(step, now - self.begun)
        if self.console.is_terminal:
            far = f"{step.done}/{step.total}{left}"
            self.line.say(f"{where}: {step.stage} {far}  {bar(step.done, step.total)}")
        elif begins:
            many = f" ({step.total})" if step.total > 1 else ""
            self.console.print(f"{where}: {step.stage}{many} …", markup=False)
        elif left and now - self.told >= OFTEN:
            self.told = now
            said = f"{where}: {step.stage}, {step.done} of {step.total}{left}"
            self.console.print(said, markup=False)

    def _nth(self, kata: str) -> str:
        """Which of how many, where there are several."""
        many = len(self.katas)
        return f" ({self.katas.index(kata) + 1} of {many})" if many > 1 else ""


def _left(step: Step, seconds: float) -> str:
    """What is left of a stage, once enough of it is done to reckon by; empty before and after."""
    if seconds < SOON or not 0 < step.done < step.total:
        return ""
    left = seconds / step.done * (step.total - step.done)
    return f", about {span(left)} left"


def span(seconds: float) -> str:
    """A time to wait, as a person says it: `20 s`, `3 min`."""
    if seconds < 100:
        tens = 10 if seconds >= 20 else 5
        return f"{max(round(seconds / tens) * tens, 5)} s"
    return f"{round(seconds / 60)} min"


def table(outcomes: Sequence[Verification]) -> Table:
    """Mutants killed, a row for each kata."""
    shown = Table(box=None, pad_edge=False)
    for title in ("kata", "checks", "pitfalls", "edits caught", "unplaced", "pairs refused", "fit"):
        shown.add_column(
            title, justify="left" if title == "kata" else "right", no_wrap=title in ("kata", "fit")
        )
    for o in outcomes:
        problems = "1 problem" if len(o.problems) == 1 else f"{len(o.problems)} problems"
        shown.add_row(
            o.kata,
            str(o.checks),
            str(o.pitfalls),
            f"{o.edits_caught}/{o.edits}",
            str(o.unplaced),
            f"{o.pairs_refused}/{o.pairs}",
            "yes" if o.fit else f"no: {problems}",
        )
    return shown
