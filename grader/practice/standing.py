"""How everything stands: attempts summed up kata by kata."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from grader.kata.kata import Kata
from grader.kata.vocabulary import kind
from grader.practice import schedule
from grader.practice.attempts import ATTEMPTS, SOUND_ATTEMPTS, Attempt, read_attempts
from grader.practice.clock import Moment, now
from grader.practice.store import Store
from grader.report.verdict import MEASURED, PROVED


@dataclass(frozen=True)
class Mistake:
    """A mistake somebody makes in a kata."""

    pitfall: str
    title: str
    times: int
    last: float
    """When it was made last, in seconds since 1970."""
    overcome: bool
    """Whether, since one of its kind was made last, a kata in which it was made was passed."""
    certainty: str = PROVED
    """Proved, where it was at least once."""


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
    track: str = ""
    """The ladder that it is a rung of."""
    after: tuple[str, ...] = ()
    """The katas that it builds on."""


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
    track: str = ""
    """The ladder that was chosen; empty for all of them."""

    def undone(self, slug: str) -> tuple[str, ...]:
        """What a kata builds on and was never passed."""
        due = {stand.slug: stand.due for stand in self.katas}
        after = next((stand.after for stand in self.katas if stand.slug == slug), ())
        return tuple(one for one in after if one in due and due[one] is None)


def standing(store: Store, katas: Sequence[Kata], moment: Moment | None = None) -> Standing:
    """Everything practised so far, kata by kata."""
    when = moment or now()

    def work(db: sqlite3.Connection) -> Standing:
        everything = read_attempts(db.execute(f"{ATTEMPTS} order by id"))
        by_kata: dict[str, list[Attempt]] = {}
        for one in everything:
            by_kata.setdefault(one.kata, []).append(one)
        due, quickest = schedule.due_dates(db), _quickest(db)
        mistakes = _mistakes(db)
        stands = tuple(
            _kata_standing(
                kata,
                by_kata.get(kata.slug, []),
                mistakes.get(kata.slug, ()),
                quickest.get(kata.slug),
                due.get(kata.slug),
            )
            for kata in katas
        )
        return Standing(when.at, stands, _streak(db, when), everything, _track(db, katas))

    return store.read(work)


def _kata_standing(
    kata: Kata,
    tried: Sequence[Attempt],
    mistakes: Sequence[Mistake],
    passed_in: float | None,
    due: float | None,
) -> KataStanding:
    best = max(tried, key=lambda a: (a.stars, a.score, a.number), default=None)
    return KataStanding(
        kata.slug, kata.title, kata.level, kata.par_minutes, len(tried), best,
        tried[-1] if tried else None, passed_in, tuple(mistakes), due, kata.track, kata.after,
    )  # fmt: skip


def choose(store: Store, track: str) -> None:
    """Climb this ladder from now on; all of them where it is empty."""
    put = "insert or replace into choices (name, value) values ('track', ?)"
    store.write(lambda db: db.execute(put, (track,)))


def _track(db: sqlite3.Connection, katas: Sequence[Kata]) -> str:
    """The ladder that was chosen, as far as it is there."""
    row = db.execute("select value from choices where name = 'track'").fetchone()
    track = "" if row is None else str(row["value"])
    return track if track in {kata.track for kata in katas} else ""


def _quickest(db: sqlite3.Connection) -> dict[str, float]:
    """Seconds from start to pass in the quickest practice of each kata."""
    rows = db.execute(
        "select kata, min(took) as took from (select practices.kata as kata, "
        f"min(attempts.since_start) as took from practices join {SOUND_ATTEMPTS} "
        "on attempts.practice = practices.id where started = 1 and verdict = 'accepted' "
        "group by practices.id) group by kata"
    )
    return {row["kata"]: row["took"] for row in rows}


def _mistakes(db: sqlite3.Connection) -> dict[str, list[Mistake]]:
    """Mistakes by kata, the latest first; one kind of mistake is overcome in all katas at once."""
    rows = db.execute(
        "select mistakes.kata, pitfall, max(title) as title, count(*) as times, "
        "max(attempt) as number, max(at) as last, max(certainty) as certainty "
        f"from mistakes join {SOUND_ATTEMPTS} on attempts.id = attempt "
        "where typeof(pitfall) = 'text' and typeof(title) = 'text' "
        "group by mistakes.kata, pitfall order by number desc"
    ).fetchall()
    passes = db.execute("select kata, max(id) from attempts where verdict = 'accepted' group by 1")
    passed = dict(passes.fetchall())
    made: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        made.setdefault(kind(row["pitfall"]), []).append(row)
    found: dict[str, list[Mistake]] = {}
    for row in rows:
        alike = made[kind(row["pitfall"])]
        overcome = max(passed.get(r["kata"], 0) for r in alike) > max(r["number"] for r in alike)
        sure = row["certainty"] if row["certainty"] in (PROVED, MEASURED) else PROVED
        one = Mistake(row["pitfall"], row["title"], row["times"], row["last"], overcome, sure)
        found.setdefault(row["kata"], []).append(one)
    return found


def _streak(db: sqlite3.Connection, moment: Moment) -> int:
    """Days with an attempt in a row; today's may still come."""
    rows = db.execute("select distinct date(at, 'unixepoch', 'localtime') as day from attempts")
    days = {row["day"] for row in rows}
    day = date.fromtimestamp(moment.at)
    if day.isoformat() not in days:
        day -= timedelta(days=1)
    streak = 0
    while day.isoformat() in days:
        streak += 1
        day -= timedelta(days=1)
    return streak
