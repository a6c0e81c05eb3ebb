"""When to practise a kata again: a card for each kata, moved by the FSRS algorithm at each pass."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from enum import IntEnum

from grader.practice.clock import NAMED_SECONDS
from grader.practice.sitting import Effort

FEW_TRIES = 3


class Rating(IntEnum):
    """How a pass went, in the algorithm's four steps."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


def rate(effort: Effort, par_minutes: int) -> Rating:
    """The rating of a pass: what it took decides, not how it felt."""
    if effort.saw_solution:
        return Rating.AGAIN
    if effort.hints or effort.tries > FEW_TRIES:
        return Rating.HARD
    quick = effort.seconds is not None and effort.seconds <= par_minutes * 60
    return Rating.EASY if effort.tries == 1 and quick else Rating.GOOD


def review(db: sqlite3.Connection, kata: str, rating: Rating, at: float) -> float:
    """Move a kata's card; returns when it is due next, in seconds since 1970.

    There are no steps of minutes: a kata that was just written is not learned by writing it again
    the same hour.
    """
    import fsrs

    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    moment = datetime.fromtimestamp(at, UTC)
    kept = db.execute("select card from cards where kata = ?", (kata,)).fetchone()
    card = fsrs.Card()
    if kept is not None:
        with contextlib.suppress(ValueError, TypeError, KeyError):  # unreadable: begin anew
            card = fsrs.Card.from_json(kept["card"])
    if card.last_review is not None:  # a clock that was set back must not go before it
        moment = max(moment, card.last_review)
    card, _ = scheduler.review_card(card, fsrs.Rating(int(rating)), moment)
    due = card.due.timestamp()
    db.execute(
        "insert into cards (kata, due, card) values (?, ?, ?) on conflict (kata) do update "
        "set due = excluded.due, card = excluded.card",
        (kata, due, card.to_json()),
    )
    return due


def due_dates(db: sqlite3.Connection) -> dict[str, float]:
    """When each kata that was passed is due, in seconds since 1970."""
    rows = db.execute(
        "select kata, due from cards where typeof(due) = 'real' and abs(due) < ?", (NAMED_SECONDS,)
    )
    return {row["kata"]: row["due"] for row in rows}
