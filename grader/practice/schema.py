"""The tables of the user's database, as the steps that lead to them.

A step, once released, is never edited: a new one is added behind it.
"""

from __future__ import annotations

FIRST = (
    """create table if not exists started (
        folder text primary key,
        kata text not null,
        at text not null default current_timestamp
    )""",
)

PRACTICE = (
    # One sitting at a kata: from `kata start` (or a first attempt) on.
    """create table practices (
        id integer primary key,
        kata text not null,
        file text not null,
        at real not null, ticks real not null, boot text not null,
        started integer not null,
        passed real
    )""",
    "create index practices_by_kata on practices (kata, id)",
    """create table attempts (
        id integer primary key,
        practice integer not null references practices (id),
        at real not null,
        kata text not null,
        source text not null,
        verdict text not null,
        stars integer not null,
        score integer not null,
        ratio real,
        since_start real not null,
        hints integer not null,
        seed integer not null,
        sha256 text not null
    )""",
    "create index attempts_by_kata on attempts (kata, id)",
    "create index attempts_by_practice on attempts (practice)",
    """create table mistakes (
        attempt integer not null references attempts (id),
        kata text not null,
        pitfall text not null,
        title text not null,
        primary key (attempt, pitfall)
    ) without rowid""",
    """create table texts (
        sha256 text primary key,
        body blob not null
    )""",
    """create table archives (
        attempt integer primary key references attempts (id),
        body blob not null
    )""",
    # Help taken within a practice: a hint about a mistake, a rung of the ladder, the solution.
    """create table helps (
        id integer primary key,
        practice integer not null references practices (id),
        at real not null,
        kind text not null,
        what text not null
    )""",
    "create index helps_by_practice on helps (practice)",
    """create table cards (
        kata text primary key,
        due real not null,
        card text not null
    )""",
)

INTERVIEW = (
    """create table rounds (
        id integer primary key,
        at real not null,
        name text not null,
        plan text not null,
        owner text not null default '',
        elapsed real not null default 0,
        ended real
    )""",
    """create table events (
        round integer not null references rounds (id),
        seq integer not null,
        at real not null,
        elapsed real not null,
        actor text not null,
        kind text not null,
        data text not null,
        primary key (round, seq)
    ) without rowid""",
)

CERTAINTY = ("alter table mistakes add column certainty text not null default 'proved'",)

CHOICES = ("create table choices (name text primary key, value text not null)",)
"""What somebody chose, and has not chosen otherwise since: the ladder to climb."""

MIGRATIONS = (FIRST + PRACTICE + INTERVIEW, CERTAINTY, CHOICES)
