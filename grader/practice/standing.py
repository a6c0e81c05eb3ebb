"""What practice has come to so far, as plain data: attempts, and how each kata stands."""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.verdict import Verdict


@dataclass(frozen=True)
class Attempt:
    """One graded attempt, as it is remembered."""

    number: int
    at: float
    """Seconds since 1970."""
    kata: str
    source: str
    """What graded it: grade, watch, interview or notebook."""
    verdict: Verdict
    stars: int
    score: int
    ratio: float | None
    """Time as a multiple of the reference's, where the race was run."""
    since_start: float
    """Seconds since the practice it belongs to began."""
    hints: int
    """Hints taken in that practice before it."""
    seed: int
    sha256: str
    mistakes: tuple[str, ...] = ()
    """Ids of the mistakes that were named."""

    @property
    def accepted(self) -> bool:
        """Whether it was right."""
        return self.verdict is Verdict.ACCEPTED


@dataclass(frozen=True)
class Mistake:
    """A mistake somebody makes in a kata."""

    pitfall: str
    title: str
    times: int
    last: float
    """When it was made last, in seconds since 1970."""
    overcome: bool
    """Whether a later attempt at the kata was accepted."""


@dataclass(frozen=True)
class KataStanding:
    """How one kata stands."""

    slug: str
    title: str
    level: str
    par_minutes: int
    attempts: int
    best: Attempt | None
    last: Attempt | None
    passed_in: float | None
    """Seconds from start to pass, in the quickest practice."""
    mistakes: tuple[Mistake, ...]
    due: float | None
    """When it is to be practised again, in seconds since 1970; None before the first pass."""


@dataclass(frozen=True)
class Standing:
    """Everything practised so far."""

    at: float
    """When this was drawn up, in seconds since 1970."""
    katas: tuple[KataStanding, ...]
    """Along the ladder."""
    streak: int
    """Days practised in a row, up to today or yesterday."""
    attempts: tuple[Attempt, ...]
    """All of them, the oldest first."""
