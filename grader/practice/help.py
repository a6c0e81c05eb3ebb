"""What help to give next: about the mistake that was named, then the kata's own ladder."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from grader.kata.hints import rungs
from grader.kata.kata import Kata
from grader.kata.mutants import Pitfall
from grader.kata.vocabulary import mistakes
from grader.practice import sitting
from grader.practice.clock import Moment, now
from grader.practice.sitting import Practice
from grader.practice.store import Store

MISTAKE, RUNG = sitting.MISTAKE, sitting.RUNG


@dataclass(frozen=True)
class Hint:
    """One piece of help."""

    kind: str
    """About a named mistake, or a rung of the kata's ladder."""
    key: str
    title: str
    text: str
    left: int = 0
    """Hints that are still to come."""
    repeated: bool = False
    """Whether it was given before, because there is no other."""


def next_hint(store: Store, kata: Kata, file: Path, moment: Moment | None = None) -> Hint:
    """The hint after those taken in this practice, which from now on counts as taken."""
    when = moment or now()

    def work(db: sqlite3.Connection) -> Hint:
        going = _going(db, kata, file, when)
        ladder = [*_about_mistakes(db, kata, going), *_ladder(kata)]
        taken = {key for kind, key in sitting.helps(db, going) if kind != sitting.SOLUTION}
        new = [hint for hint in ladder if hint.key not in taken]
        if not new:
            last = ladder[-1]
            return Hint(last.kind, last.key, last.title, last.text, 0, repeated=True)
        given = new[0]
        sitting.take(db, going, given.kind, given.key, when)
        return Hint(given.kind, given.key, given.title, given.text, len(new) - 1)

    return store.write(work)


def _going(db: sqlite3.Connection, kata: Kata, file: Path, when: Moment) -> Practice:
    """The practice that help is taken in; one that was passed long ago is no longer it."""
    return sitting.belonging(db, kata.slug, file, "", when)


def _about_mistakes(db: sqlite3.Connection, kata: Kata, going: Practice) -> list[Hint]:
    """Hints about what the last attempt of this practice was told."""
    rows = db.execute(
        "select pitfall, title from mistakes where attempt = "
        "(select max(id) from attempts where practice = ?)",
        (going.id,),
    )
    named = {row["pitfall"]: row["title"] for row in rows}
    if not named:
        return []
    return [_about(pitfall, named[pitfall.id]) for pitfall in mistakes(kata) if pitfall.id in named]


def _about(pitfall: Pitfall, title: str) -> Hint:
    text = f"{pitfall.explanation}\n\nAsk yourself: {pitfall.question}"
    if pitfall.edits:
        text += f"\n\n`kata explain {pitfall.id}` shows the wrong line beside the right one."
    return Hint(MISTAKE, pitfall.id, title, text)


def _ladder(kata: Kata) -> list[Hint]:
    found = []
    for number, rung in enumerate(rungs(kata), 1):
        title, _, text = rung.partition("\n")
        found.append(Hint(RUNG, f"{number}", title.lstrip("0123456789. "), text.strip()))
    return found


# --- the solution -----------------------------------------------------------------------------


def is_open(store: Store, kata: Kata, file: Path) -> bool:
    """Whether the solution may be read without asking: this practice was passed.

    Where nothing is being practised in the file, any earlier pass will do.
    """

    def work(db: sqlite3.Connection) -> bool:
        going = sitting.latest(db, kata.slug, file)
        if going is not None:
            return going.passed is not None
        passed = "select 1 from practices where kata = ? and passed is not null"
        return db.execute(passed, (kata.slug,)).fetchone() is not None

    return store.read(work)


def note_solution_seen(store: Store, kata: Kata, file: Path, moment: Moment | None = None) -> None:
    """Note that the solution was read before the pass."""
    when = moment or now()

    def work(db: sqlite3.Connection) -> None:
        going = _going(db, kata, file, when)
        if going.passed is None:
            sitting.take(db, going, sitting.SOLUTION, kata.slug, when)

    store.write(work)
