"""What to do with a damaged database: give it a name of its own, and take over what is readable."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

COMPANIONS = ("", "-wal", "-shm")
"""A database in WAL mode is three files."""


def set_aside(file: Path) -> Path | None:
    """Rename a damaged database; None where it turns out to be whole: another command did it.

    The folder itself is locked meanwhile, so that no file of ours is left behind.
    """
    with _locked(file.parent):
        if _whole(file):
            return None
        aside = _free_name(file)
        for companion in COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{file}{companion}").rename(f"{aside}{companion}")
        return aside


def recover(aside: Path, target: sqlite3.Connection) -> int:
    """Copy the readable rows of every table both know; returns how many."""
    try:
        with contextlib.closing(_read_only(aside)) as source:
            tables = [str(row[0]) for row in target.execute(_TABLES)]
            return sum(_copy(table, source, target) for table in tables)
    except sqlite3.Error:
        return 0


_TABLES = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"


def _copy(table: str, source: sqlite3.Connection, target: sqlite3.Connection) -> int:
    """One table's rows, from both ends towards a page that cannot be read."""
    copied = 0
    for order in ("asc", "desc"):
        try:
            known = {row[1] for row in source.execute(f"pragma table_info({table})")}
            columns = [str(row[1]) for row in target.execute(f"pragma table_info({table})")]
            columns = [name for name in columns if name in known]  # an older one has fewer
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            insert = f"insert or ignore into {table} ({names}) values ({marks})"
            rows = source.execute(f"select {names} from {table} order by 1 {order}")
            for row in rows:
                copied += target.execute(insert, tuple(row)).rowcount
        except sqlite3.Error:
            continue
        break
    return copied


def _whole(file: Path) -> bool:
    if not file.exists():
        return True
    try:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)


def _free_name(file: Path) -> Path:
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    return aside


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
