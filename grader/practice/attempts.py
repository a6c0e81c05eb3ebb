"""What is remembered between commands: where a kata was started, and every attempt at it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.kata.kata import Kata
from grader.practice import schedule, sitting
from grader.practice.clock import NAMED_SECONDS, Moment, now
from grader.practice.schedule import Rating
from grader.practice.sitting import Practice
from grader.practice.store import Store, Unavailable
from grader.practice.workspace import Started, start
from grader.report.archive import Unreadable, pack_report, unpack_report
from grader.report.verdict import MEASURED, Report, Verdict


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
    measured: tuple[str, ...] = ()
    """Those of them that were measured, and not proved."""

    @property
    def accepted(self) -> bool:
        """Whether it was right."""
        return self.verdict is Verdict.ACCEPTED

    @property
    def named(self) -> tuple[str, ...]:
        """The mistakes as a list shows them, with a word beside what is not proved."""
        return tuple(f"{m} ({MEASURED})" if m in self.measured else m for m in self.mistakes)


@dataclass(frozen=True)
class Recorded:
    """What recording an attempt came to."""

    attempt: int
    since_start: float | None
    """Seconds since `kata start`, where the practice began with it."""
    rating: Rating | None = None
    """Of the attempt that passed its practice; None for all others."""
    due: float | None = None
    """When the kata is due next, after such a pass."""


# --- writing ----------------------------------------------------------------------------------


def begin(store: Store, kata: Kata, folder: Path, *, force: bool = False) -> tuple[Started, str]:
    """Write a kata's stub into a folder, and let its time run; raises CannotWrite.

    Returns where it is, and why its start is not remembered; empty where it is.
    """
    started = start(kata, folder, force=force)
    try:
        remember_start(store, kata, started.file)
    except Unavailable as error:
        return started, str(error)
    return started, ""


def remember_start(store: Store, kata: Kata, file: Path, moment: Moment | None = None) -> None:
    """Begin a timed practice, and remember it as the one of its folder."""

    def work(db: sqlite3.Connection) -> None:
        sitting.begin(db, kata.slug, file, moment or now(), timed=True)
        db.execute(
            "insert into started (folder, kata) values (?, ?) on conflict (folder) do update "
            "set kata = excluded.kata, at = current_timestamp",
            (str(Path(sitting.one_name(file)).parent), kata.slug),
        )

    store.write(work)


def remember(
    store: Store, kata: Kata, report: Report, path: Path, *, source: str
) -> tuple[Recorded | None, str]:
    """Keep an attempt if that is possible: a verdict stands whether or not it is.

    Returns what was recorded, and a note for the person: why it was not, or what else became of
    the database; empty where there is nothing to say.
    """
    notes = []
    try:
        recorded = record(store, kata, report, path, source=source)
    except Unavailable as error:
        recorded = None
        notes.append(f"this attempt was not recorded: {error}")
    return recorded, "; ".join([*notes, *store.notices])


def record(
    store: Store,
    kata: Kata,
    report: Report,
    path: Path,
    *,
    source: str = "grade",
    moment: Moment | None = None,
) -> Recorded:
    """Keep an attempt with everything its report says; the first pass moves the kata's card."""
    when = moment or now()
    archive = zlib.compress(pack_report(report).encode())
    text = zlib.compress(report.submission.source.encode("utf-8", "replace"))

    def work(db: sqlite3.Connection) -> Recorded:
        going = sitting.belonging(db, kata.slug, path, report.submission.sha256, when)
        number = _insert(db, report, going, source, when)
        digest = report.submission.sha256
        db.execute("insert or ignore into texts (sha256, body) values (?, ?)", (digest, text))
        db.execute("insert into archives (attempt, body) values (?, ?)", (number, archive))
        since = going.seconds(when) if going.timed else None
        if report.verdict is not Verdict.ACCEPTED or going.passed is not None:
            return Recorded(number, since)
        db.execute("update practices set passed = ? where id = ?", (when.at, going.id))
        rating = schedule.rate(sitting.effort(db, going, when), kata.par_minutes)
        return Recorded(number, since, rating, schedule.review(db, kata.slug, rating, when.at))

    return store.write(work)


def _insert(
    db: sqlite3.Connection, report: Report, going: Practice, source: str, when: Moment
) -> int:
    budget, effort = report.budget, sitting.effort(db, going, when)
    columns = {
        "practice": going.id, "at": when.at, "kata": report.kata, "source": source,
        "verdict": report.verdict.value, "stars": report.stars, "score": report.score,
        "ratio": None if budget is None else budget.ratio, "since_start": going.seconds(when),
        "hints": effort.hints, "seed": report.seed, "sha256": report.submission.sha256,
    }  # fmt: skip
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    added = db.execute(f"insert into attempts ({names}) values ({marks})", tuple(columns.values()))
    number = int(added.lastrowid or 0)
    db.executemany(
        "insert into mistakes (attempt, kata, pitfall, title, certainty) values (?, ?, ?, ?, ?)",
        [(number, report.kata, f.pitfall, f.title, f.certainty) for f in report.diagnosis.findings],
    )
    return number


# --- reading ----------------------------------------------------------------------------------


def last_started(store: Store, folder: Path) -> str | None:
    """The kata last started in a folder."""

    def work(db: sqlite3.Connection) -> str | None:
        row = db.execute(
            "select kata from started where folder = ?", (sitting.one_name(folder),)
        ).fetchone()
        return None if row is None else str(row["kata"])

    return store.read(work)


SOUND_ATTEMPTS = f"""(
    select * from attempts where verdict in ({", ".join(f"'{v}'" for v in Verdict)})
    and typeof(at) = 'real' and abs(at) < {NAMED_SECONDS}
    and typeof(since_start) = 'real' and since_start between 0 and {NAMED_SECONDS}
    and typeof(stars) = 'integer' and stars between 0 and 3
    and typeof(score) = 'integer' and score between 0 and 100
    and typeof(hints) = 'integer' and typeof(seed) = 'integer'
    and typeof(kata) = 'text' and typeof(source) = 'text' and typeof(sha256) = 'text'
    and typeof(ratio) in ('real', 'null')
) as attempts"""
"""The table without rows that this version cannot have written: a newer one, or a hand, has."""

ATTEMPTS = f"""
select attempts.*, (
    select group_concat(pitfall, ' ') from mistakes
    where attempt = attempts.id and typeof(pitfall) = 'text'
) as pitfalls, (
    select group_concat(pitfall, ' ') from mistakes
    where attempt = attempts.id and typeof(pitfall) = 'text' and certainty = '{MEASURED}'
) as measured from {SOUND_ATTEMPTS}
"""


def read_attempts(rows: Iterator[sqlite3.Row] | sqlite3.Cursor) -> tuple[Attempt, ...]:
    """Rows of `ATTEMPTS` as plain data."""
    return tuple(
        Attempt(
            number=row["id"],
            at=row["at"],
            kata=row["kata"],
            source=row["source"],
            verdict=Verdict(row["verdict"]),
            stars=row["stars"],
            score=row["score"],
            ratio=row["ratio"],
            since_start=row["since_start"],
            hints=row["hints"],
            seed=row["seed"],
            sha256=row["sha256"],
            mistakes=tuple((row["pitfalls"] or "").split()),
            measured=tuple((row["measured"] or "").split()),
        )
        for row in rows
    )


def attempts(store: Store, kata: str | None = None, last: int = -1) -> tuple[Attempt, ...]:
    """Attempts at a kata, or at all of them, the oldest first; only the `last` ones if given."""
    query = f"{ATTEMPTS} where ? is null or kata = ? order by id desc limit ?"
    return store.read(lambda db: read_attempts(db.execute(query, (kata, kata, last))))[::-1]


def attempt(store: Store, number: int) -> Attempt | None:
    """One attempt by its number."""
    rows = store.read(lambda db: read_attempts(db.execute(f"{ATTEMPTS} where id = ?", (number,))))
    return rows[0] if rows else None


def last_attempt(store: Store, kata: str | None = None) -> Attempt | None:
    """The last attempt at a kata, or at any."""
    found = attempts(store, kata, last=1)
    return found[0] if found else None


def report_of(store: Store, number: int) -> Report | None:
    """The whole report of an attempt, where it can still be read."""
    body = _body(store, "select body from archives where attempt = ?", number)
    try:
        return None if body is None else unpack_report(body)
    except Unreadable:
        return None


def text_of(store: Store, sha256: str) -> str | None:
    """The text of a submission."""
    return _body(store, "select body from texts where sha256 = ?", sha256)


def _body(store: Store, query: str, key: int | str) -> str | None:
    row = store.read(lambda db: db.execute(query, (key,)).fetchone())
    try:
        return None if row is None else zlib.decompress(row["body"]).decode()
    except (zlib.error, UnicodeDecodeError, TypeError):
        return None


def current_practice(store: Store, kata: str, file: Path | None = None) -> Practice | None:
    """The last practice of a kata."""
    return store.read(lambda db: sitting.latest(db, kata, file))


def counts(store: Store, going: Practice) -> tuple[int, int]:
    """Attempts and hints of a practice so far."""

    def work(db: sqlite3.Connection) -> tuple[int, int]:
        made = "select count(*) from attempts where practice = ?"
        taken = sitting.effort(db, going, now()).hints
        return int(db.execute(made, (going.id,)).fetchone()[0]), taken

    return store.read(work)
