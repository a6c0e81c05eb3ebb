"""The record of rounds: each event is on the disk before anybody is told that it is kept."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.interview.flow.progress import fold
from grader.interview.record import owner
from grader.interview.record.owner import Owner, myself
from grader.interview.round import plan
from grader.interview.round.event import CANDIDATE, Event
from grader.interview.round.plan import Round
from grader.interview.score.scorecard import Scorecard, make_card
from grader.kata.refused import Refused
from grader.practice.clock import now
from grader.practice.store import Store, Unavailable


class Lost(Unavailable):
    """What was on record is not there any more: the database was deleted, or damaged."""

    def __init__(self, store: Store, round_id: int) -> None:
        super().__init__(f"{store.file}: the record of round {round_id} was lost")


@dataclass(frozen=True)
class Entry:
    """A round in the record."""

    id: int
    at: float
    name: str
    plan: Round
    owner: Owner | None
    elapsed: float
    ended: float | None

    @property
    def running(self) -> bool:
        """Whether a process is at it now."""
        return self.ended is None and self.owner is not None and self.owner.alive


def begin(store: Store, rules: Round, data: Mapping[str, Any]) -> int:
    """Record a new round with its first event, run by this process; returns its number."""

    def work(db: sqlite3.Connection) -> int:
        row = (now().at, rules.name, rules.pack(), myself().pack())
        added = db.execute("insert into rounds (at, name, plan, owner) values (?, ?, ?, ?)", row)
        round_id = int(added.lastrowid or 0)
        _insert(db, round_id, CANDIDATE, "begun", data, elapsed=0.0)
        return round_id

    return store.write(work)


def append(
    store: Store, round_id: int, actor: str, kind: str, data: Mapping[str, Any], *, elapsed: float,
    after: int = 0,
) -> Event:  # fmt: skip
    """Record one event; raises Lost where the event numbered `after` is not on record."""

    def work(db: sqlite3.Connection) -> Event:
        event = _insert(db, round_id, actor, kind, data, elapsed=elapsed)
        if event.seq <= after:
            raise Lost(store, round_id)
        db.execute(
            "update rounds set elapsed = max(elapsed, ?), ended = coalesce(ended, ?) where id = ?",
            (elapsed, event.at if kind == "ended" else None, round_id),
        )
        return event

    return store.write(work)


def _insert(
    db: sqlite3.Connection,
    round_id: int,
    actor: str,
    kind: str,
    data: Mapping[str, Any],
    *,
    elapsed: float,
) -> Event:
    last = db.execute("select max(seq) from events where round = ?", (round_id,)).fetchone()[0]
    event = Event((last or 0) + 1, now().at, elapsed, actor, kind, data)
    _put(db, round_id, event)
    return event


def _put(db: sqlite3.Connection, round_id: int, event: Event) -> None:
    text = json.dumps(event.data)
    db.execute(
        "insert or replace into events (round, seq, at, elapsed, actor, kind, data) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (round_id, event.seq, event.at, event.elapsed, event.actor, event.kind, text),
    )


def events(store: Store, round_id: int, after: int = 0) -> list[Event]:
    """The events of a round behind the one numbered `after`."""
    query = "select * from events where round = ? and seq > ? order by seq"
    rows = store.read(lambda db: db.execute(query, (round_id, after)).fetchall())
    return [
        Event(r["seq"], r["at"], r["elapsed"], r["actor"], r["kind"], _data(r["data"]))
        for r in rows
    ]


def _data(text: str) -> dict[str, Any]:
    """What an event says; nothing where a damaged record cannot be read."""
    with contextlib.suppress(ValueError):
        read = json.loads(text)
        if isinstance(read, dict):
            return read
    return {}


def beat(store: Store, round_id: int, elapsed: float) -> None:
    """Record how far the round's clock is; raises Lost where the round is not on record."""
    query = "update rounds set elapsed = max(elapsed, ?) where id = ?"
    if not store.write(lambda db: db.execute(query, (elapsed, round_id)).rowcount):
        raise Lost(store, round_id)


def restore(store: Store, known: Entry, remembered: Sequence[Event]) -> int:
    """Put a lost round back on record, as the process that runs it remembers it.

    Returns its number: another one where a round has begun meanwhile that has the old one.
    """

    def work(db: sqlite3.Connection) -> int:
        there = db.execute("select at from rounds where id = ?", (known.id,)).fetchone()
        number = known.id if there is None or there["at"] == known.at else None
        elapsed = max((event.elapsed for event in remembered), default=0.0)
        row = (number, known.at, known.name, known.plan.pack(), myself().pack(), elapsed)
        number = int(db.execute(_ROUND, row).lastrowid or 0)
        for event in remembered:
            _put(db, number, event)
        return number

    return store.write(work)


_ROUND = (
    "insert or replace into rounds (id, at, name, plan, owner, elapsed) values (?, ?, ?, ?, ?, ?)"
)


def entry(store: Store, round_id: int) -> Entry | None:
    """One round."""
    found = _entries(store, "where id = ?", (round_id,))
    return found[0] if found else None


def unfinished(store: Store) -> list[Entry]:
    """The rounds that have not ended, the newest first."""
    return _entries(store, "where ended is null order by id desc", ())


def _entries(store: Store, which: str, values: Sequence[object]) -> list[Entry]:
    query = f"select * from rounds {which}"
    rows = store.read(lambda db: db.execute(query, tuple(values)).fetchall())
    return [entry for entry in map(_entry, rows) if entry is not None]


def _entry(row: sqlite3.Row) -> Entry | None:
    """A round, unless a damaged record left nothing of its plan: the others are not to suffer."""
    try:
        rules = plan.unpack(row["plan"])
    except (ValueError, KeyError, TypeError):
        return None
    who = owner.unpack(row["owner"])
    return Entry(row["id"], row["at"], row["name"], rules, who, row["elapsed"], row["ended"])


def claim(store: Store, round_id: int) -> None:
    """Make this process the one that runs a round; Refused where another one does."""

    def work(db: sqlite3.Connection) -> None:
        row = db.execute("select owner from rounds where id = ?", (round_id,)).fetchone()
        running = owner.unpack(row["owner"])
        if running is not None and running != myself() and running.alive:
            raise Refused(
                f"round {round_id} is running in process {running.pid}: go on there, or follow it "
                f"with `kata interview --host {round_id}`"
            )
        db.execute("update rounds set owner = ? where id = ?", (myself().pack(), round_id))

    store.write(work)


def release(store: Store, round_id: int) -> None:
    """Let the round be run by others."""
    query = "update rounds set owner = '' where id = ? and owner = ?"
    store.write(lambda db: db.execute(query, (round_id, myself().pack())))


def card(store: Store, round_id: int) -> Scorecard | None:
    """The scorecard of a round, as far as it has come; None where there is no such round."""
    found = entry(store, round_id)
    if found is None:
        return None
    state = fold(found.plan, events(store, round_id))
    return make_card(state, number=found.id, begun=found.at, elapsed=found.elapsed)
