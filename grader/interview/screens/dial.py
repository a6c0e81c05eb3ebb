"""The clock as it is always to be seen: a line that shortens with the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.interview.flow.progress import State
from grader.interview.say import BAD, DIM, PLAIN, WARN
from grader.report.words import minutes

WIDE, MEDIUM = 76, 52


@dataclass(frozen=True)
class Dial:
    """What the clock says."""

    kind: str
    title: str
    progress: str
    left: float
    total: float
    warns: float
    busy: bool = False
    company: bool = False
    paused: bool = False

    @property
    def style(self) -> str:
        """Its colour: the end is near, or past."""
        if self.left < 0:
            return BAD
        return WARN if self.left <= self.warns else PLAIN

    @property
    def short(self) -> str:
        """For the prompt of a terminal that cannot show more."""
        return f"{self.kind} {_left(self.left)} · {_clock(self.total)}"

    def parts(self, columns: int) -> list[tuple[str, str]]:
        """Styles and words that fit into so many columns."""
        name = self.title if columns >= MEDIUM else self.kind
        stage = _left(self.left) if columns >= MEDIUM else _clock(self.left)
        of = "of" if self.total >= 0 else "in"
        rest = f"{_left(self.total)} {of} the round" if columns >= WIDE else _clock(self.total)
        marks = (["paused"] if self.paused else []) + (["judging…"] if self.busy else [])
        marks += ["●"] if self.company else []
        fixed = [self.progress, stage, rest, *marks]
        room = columns - 2 - sum(len(part) + 3 for part in fixed)
        name = name if len(name) <= room else name[: max(0, room - 1)] + "…" * (room > 0)
        parts = [(DIM, f" {self.progress} · "), (PLAIN, f"{name} · "), (self.style, stage)]
        parts += [(DIM, f" · {part}") for part in (rest, *marks)]
        return parts


def _clock(seconds: float) -> str:
    return f"{'+' if seconds < 0 else ''}{minutes(math.ceil(seconds))}"


def _left(seconds: float) -> str:
    return f"{minutes(math.ceil(seconds))} {'over' if seconds < 0 else 'left'}"


def dial(state: State, elapsed: float, *, busy: bool = False, company: bool = False) -> Dial:
    """The clock of a round."""
    stage = state.current
    return Dial(
        stage.kind,
        stage.title,
        f"{max(state.stage, 0) + 1}/{len(state.plan.stages)}",
        state.left(elapsed),
        state.plan.seconds - elapsed,
        stage.warns,
        busy,
        company,
        state.paused,
    )
