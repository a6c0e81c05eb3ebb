"""A practice: one sitting at a kata, from its start to its pass, and the help taken on the way.

The functions work inside a transaction of the store (see `history`).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from grader.practice.clock import Moment, between
from grader.report.verdict import Verdict

REST = 12 * 3600.0
"""Seconds after a pass from which on a changed text is a new practice, not a refinement."""

NO_TRIES = (Verdict.INVALID_SUBMISSION, Verdict.INTERNAL_ERROR)
"""Verdicts on what was no try yet: half a file saved, the stub, a failure of our own."""

MISTAKE, RUNG, SOLUTION = "mistake", "rung", "solution"
"""Kinds of help: about a named mistake, a rung of the kata's ladder of hints, the solution.

What is said about a named mistake `kata explain` says to anyone for nothing: it is no hint taken.
"""


@dataclass(frozen=True)
class Practice:
    """One sitting at a kata."""

    id: int
    kata: str
    file: str
    began: Moment
    timed: bool
    """Whether it began with `kata start`, so that its time means something."""
    passed: float | None
    """When it was passed, in seconds since 1970."""

    def seconds(self, moment: Moment) -> float:
        """How long it has taken."""
        return between(self.began, moment)


@dataclass(frozen=True)
class Effort:
    """What a pass took, which is what its rating goes by."""

    tries: int
    hints: int
    saw_solution: bool
    seconds: float | None
    """From start to pass, where the practice was timed."""


def one_name(file: Path) -> str:
    """The one name of a file by which its practices are found again."""
    try:
        return str(file.resolve())
    except (OSError, RuntimeError):  # a circle of links; a folder that is gone from under us
        return str(file)


def begin(db: sqlite3.Connection, kata: str, file: Path, moment: Moment, *, timed: bool) -> int:
    """A new practice; returns its id."""
    row = (kata, one_name(file), moment.at, moment.ticks, moment.boot, int(timed))
    added = db.execute(
        "insert into practices (kata, file, at, ticks, boot, started) values (?, ?, ?, ?, ?, ?)",
        row,
    )
    return int(added.lastrowid or 0)


def latest(db: sqlite3.Connection, kata: str, file: Path | None = None) -> Practice | None:
    """The last practice of a kata, in one file or in any."""
    row = db.execute(
        "select * from practices where kata = ? and (? is null or file = ?) "
        "order by id desc limit 1",
        (kata, *(2 * [None if file is None else one_name(file)])),
    ).fetchone()
    return None if row is None else _practice(row)


def belonging(
    db: sqlite3.Connection, kata: str, file: Path, sha256: str, moment: Moment
) -> Practice:
    """The practice that an attempt belongs to; a new one where no other is going on."""
    last = latest(db, kata, file)
    if last is not None and not _over(db, last, sha256, moment):
        return last
    begin(db, kata, file, moment, timed=False)
    begun = latest(db, kata, file)
    assert begun is not None
    return begun


def _over(db: sqlite3.Connection, last: Practice, sha256: str, moment: Moment) -> bool:
    """Whether somebody who passed long ago has since written something else."""
    if last.passed is None or moment.at - last.passed < REST:
        return False
    same = "select 1 from attempts where practice = ? and sha256 = ?"
    return db.execute(same, (last.id, sha256)).fetchone() is None


def _practice(row: sqlite3.Row) -> Practice:
    began = Moment(row["at"], row["ticks"], row["boot"])
    return Practice(row["id"], row["kata"], row["file"], began, bool(row["started"]), row["passed"])


def effort(db: sqlite3.Connection, practice: Practice, moment: Moment) -> Effort:
    """What has gone into a practice so far."""
    marks = ", ".join("?" * len(NO_TRIES))
    tries = db.execute(
        f"select count(*) from attempts where practice = ? and verdict not in ({marks})",
        (practice.id, *NO_TRIES),
    ).fetchone()[0]
    taken = helps(db, practice)
    hints = sum(kind == RUNG for kind, _ in taken)
    seen = any(kind == SOLUTION for kind, _ in taken)
    seconds = practice.seconds(moment) if practice.timed else None
    return Effort(tries, hints, seen, seconds)


def take(db: sqlite3.Connection, practice: Practice, kind: str, what: str, moment: Moment) -> None:
    """Note help that was taken."""
    db.execute(
        "insert into helps (practice, at, kind, what) values (?, ?, ?, ?)",
        (practice.id, moment.at, kind, what),
    )


def helps(db: sqlite3.Connection, practice: Practice) -> list[tuple[str, str]]:
    """The help taken so far: kind and what it was, the first first."""
    rows = db.execute("select kind, what from helps where practice = ? order by id", (practice.id,))
    return [(row["kind"], row["what"]) for row in rows]
