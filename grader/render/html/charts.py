"""Charts of practice and of time: how far each mark goes, in percent of a drawing's width.

Widths are percentages and heights pixels, so that charts fit any page while their text keeps its
size. What colour says, shape or a word says as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from grader.practice.attempts import Attempt
from grader.practice.standing import Standing
from grader.report.words import SAYS, minutes, stars

COURSE_HEIGHT = 64
COURSE_EDGE = 7
"""Pixels above and below the line of scores, for the marks on it."""
COURSE_ATTEMPTS = 40
"""Attempts that the course of a kata shows, the latest ones."""
BARS = 42
"""Bars that the chart of days has at most; longer times are taken together."""
FEWEST_BARS = 14
BAR_HEIGHT = 88
FARTHEST = 3.0
"""Times are drawn up to this many times the longest par; longer ones are cut there."""


@dataclass(frozen=True)
class Mark:
    """One attempt on the course of a kata."""

    x: float
    y: float
    accepted: bool
    stars: int
    title: str


@dataclass(frozen=True)
class Course:
    """The scores of a kata's attempts, the oldest first."""

    marks: tuple[Mark, ...]
    first: float
    last: float
    """When the first and the last shown were made."""
    left_out: int

    @property
    def steps(self) -> list[tuple[Mark, Mark]]:
        """Neighbours, to be joined by a line."""
        return list(zip(self.marks, self.marks[1:], strict=False))


@dataclass(frozen=True)
class Bar:
    """The attempts of some days."""

    x: float
    width: float
    right: float
    """Height of the accepted part."""
    wrong: float
    title: str


@dataclass(frozen=True)
class Days:
    """How much was practised when."""

    bars: tuple[Bar, ...]
    first: date
    last: date
    per_bar: int
    most: int


@dataclass(frozen=True)
class Span:
    """A time used, against the time it was given."""

    used: float
    planned: float
    over: bool
    cut: bool
    said: str


def course(attempts: Sequence[Attempt]) -> Course | None:
    """How the scores of one kata went."""
    shown = attempts[-COURSE_ATTEMPTS:]
    if not shown:
        return None
    wide = max(len(shown) - 1, 1)
    reach = COURSE_HEIGHT - 2 * COURSE_EDGE
    marks = tuple(
        Mark(
            x=round(2 + 96 * i / wide, 2) if len(shown) > 1 else 50.0,
            y=round(COURSE_EDGE + reach * (1 - a.score / 100), 1),
            accepted=a.accepted,
            stars=a.stars,
            title=_said(a),
        )
        for i, a in enumerate(shown)
    )
    return Course(marks, shown[0].at, shown[-1].at, len(attempts) - len(shown))


def _said(attempt: Attempt) -> str:
    said = f"attempt {attempt.number}: {SAYS[attempt.verdict]}, {attempt.score}/100"
    if attempt.accepted:
        said += f" {stars(attempt.stars)}"
    return said + "".join(f", {mistake}" for mistake in attempt.named)


def days(standing: Standing) -> Days | None:
    """Attempts day by day, or by weeks or longer where there are many days."""
    if not standing.attempts:
        return None
    last = date.fromtimestamp(standing.at)
    on = [min(date.fromtimestamp(a.at), last) for a in standing.attempts]
    span = max((last - min(on)).days + 1, FEWEST_BARS)
    per_bar = 1 if span <= BARS else 7 * math.ceil(span / BARS / 7)
    count = math.ceil(span / per_bar)
    first = last - timedelta(days=count * per_bar - 1)
    right, wrong = [0] * count, [0] * count
    for day, attempt in zip(on, standing.attempts, strict=True):
        (right if attempt.accepted else wrong)[(day - first).days // per_bar] += 1
    most = max(r + w for r, w in zip(right, wrong, strict=True))
    width = 100 / count
    bars = tuple(
        Bar(
            x=round(i * width + width * 0.12, 3),
            width=round(width * 0.76, 3),
            right=round(BAR_HEIGHT * right[i] / most, 1),
            wrong=round(BAR_HEIGHT * wrong[i] / most, 1),
            title=_counted(first + timedelta(days=i * per_bar), right[i], wrong[i], per_bar),
        )
        for i in range(count)
    )
    return Days(bars, first, last, per_bar, most)


def _counted(day: date, right: int, wrong: int, per_bar: int) -> str:
    when = f"{day:%d %b %Y}" if per_bar == 1 else f"{per_bar} days from {day:%d %b %Y}"
    return f"{when}: {right + wrong} attempts, {right} accepted"


def spans(times: Sequence[tuple[float | None, float]]) -> list[Span]:
    """Times used (None: not yet) and given, in seconds, all on one scale."""
    longest = max([planned for _, planned in times] + [1.0])
    used = max([u for u, _ in times if u is not None] + [longest])
    scale = min(used, FARTHEST * longest)
    return [
        Span(
            used=round(100 * min(u or 0.0, scale) / scale, 2),
            planned=round(100 * planned / scale, 2),
            over=u is not None and u > planned,
            cut=u is not None and u > scale,
            said="–" if u is None else minutes(u),
        )
        for u, planned in times
    ]
