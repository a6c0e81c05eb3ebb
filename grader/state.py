"""What is remembered between commands: one SQLite file in the user's data folder."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from grader.paths import state_root

SCHEMA = """
create table if not exists started (
    folder text primary key,
    kata text not null,
    at text not null default current_timestamp
);
"""


@contextlib.contextmanager
def _database(*, write: bool) -> Iterator[sqlite3.Connection]:
    root = state_root()
    if write:
        root.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(root / "kata.db", timeout=10)) as connection:
        if write:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(SCHEMA)
        with connection:
            yield connection


def remember_start(folder: Path, kata: str) -> bool:
    """Remember the kata last started in a folder; False where nothing can be remembered."""
    try:
        with _database(write=True) as connection:
            connection.execute(
                "insert into started (folder, kata) values (?, ?) on conflict (folder) do update "
                "set kata = excluded.kata, at = current_timestamp",
                (str(folder.resolve()), kata),
            )
    except (OSError, sqlite3.Error):
        return False
    return True


def last_started(folder: Path) -> str | None:
    """The kata last started in a folder."""
    if not (state_root() / "kata.db").is_file():
        return None
    try:
        with _database(write=False) as connection:
            row = connection.execute(
                "select kata from started where folder = ?", (str(folder.resolve()),)
            ).fetchone()
    except (OSError, sqlite3.Error):
        return None
    return None if row is None else str(row[0])
