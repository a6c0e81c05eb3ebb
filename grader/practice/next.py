"""What to practise next: what is due most, else the first rung that was never passed.

Of the ladder that was chosen, where one was and not all of it is passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.kata.kata import Kata, all_katas, find
from grader.practice.attempts import current_practice
from grader.practice.standing import KataStanding, Standing, standing
from grader.practice.store import Store


@dataclass(frozen=True)
class Turn:
    """A kata to practise, and why it is its turn."""

    slug: str
    why: str
    due: bool
    """False where everything was passed and nothing is due yet."""


def next_step(standing: Standing, but: str | None = None) -> Turn:
    """The kata whose turn it is, leaving out `but` where there is another."""
    stands = [s for s in standing.katas if s.slug != but] or list(standing.katas)
    due = sorted((s.due, s.slug) for s in stands if s.due is not None and s.due <= standing.at)
    if due:
        return Turn(due[0][1], f"it is due {ago(standing.at - due[0][0])}", due=True)
    never = [s for s in stands if s.due is None]
    new = next((s for s in never if s.track == standing.track), None)
    if new is not None:
        return Turn(new.slug, _why_new(new, f"the next rung of {new.track}"), due=True)
    if never:
        passed = f"{standing.track} is passed: " if standing.track else ""
        return Turn(never[0].slug, _why_new(never[0], f"{passed}the next rung"), due=True)
    later = min(stands, key=lambda s: s.due or 0.0)
    return Turn(
        later.slug, f"the next one is due {ahead((later.due or 0) - standing.at)}", due=False
    )


def _why_new(new: KataStanding, rung: str) -> str:
    return "you have begun it and not passed it yet" if new.attempts else rung


@dataclass(frozen=True)
class Following:
    """The kata whose turn it is, and the file it is written in."""

    turn: Turn
    kata: Kata
    file: Path
    going: bool
    """Whether somebody is at it in that file, and so goes on there; else it is to be begun."""


def following(store: Store, folder: Path, but: str | None = None) -> Following:
    """What to go on with in a folder, leaving out the kata `but` where there is another."""
    turn = next_step(standing(store, all_katas()), but)
    file = folder / f"{turn.slug}.py"
    practice = current_practice(store, turn.slug, file)
    going = file.exists() and practice is not None and practice.passed is None
    return Following(turn, find(turn.slug), file, going)


def ago(seconds: float) -> str:
    """How long something has been due: `now`, `since 3 days`."""
    days = int(seconds // 86400)
    return "now" if days == 0 else f"since {_days(days)}"


def ahead(seconds: float) -> str:
    """A time to come: `in 5 hours`, `in 3 days`."""
    hours = round(seconds / 3600)
    if hours < 1:
        return "within the hour"
    if hours < 24:
        return f"in {hours} hour{'s' * (hours > 1)}"
    return f"in {_days(round(hours / 24))}"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
