"""The user's database: one SQLite file that several commands may use at once.

What was recorded is never overwritten. A damaged file is set aside under a name of its own, what
can still be read of it is taken over, and the person is told. Where nothing can be recorded (no
space, no right to write) the command goes on and says so.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, TypeVar

from grader.kata.paths import state_root
from grader.kata.refused import Refused
from grader.practice import salvage
from grader.practice.schema import MIGRATIONS

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

WAIT_SECONDS = 10.0
"""How long a command waits for another one's write."""

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


FOREIGN = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
"""What work stumbles with over values of a kind that no version of ours has written."""


class Unavailable(Refused):
    """Nothing can be read or recorded; the message names file, fault and remedy."""


class Store:
    """Reads and writes the database; opened when first used. A context manager."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or state_root()
        self.file = self.root / "kata.db"
        self.notices: list[str] = []
        """What the person should know: a damaged file, and what became of it."""
        self._patience = WAIT_SECONDS
        self._open: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_at_most(self, seconds: float) -> None:
        """Wait no longer than that for another command's write: who shows a clock cannot."""
        self._patience = seconds
        if self._open is not None:
            self._open.execute(f"pragma busy_timeout = {seconds * 1000:.0f}")

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def read(self, work: Work[T]) -> T:
        """What `work` finds in one consistent state; in an empty one where nothing was recorded."""
        if not self.file.exists():
            with contextlib.closing(_connect(":memory:")) as empty:
                _migrate(empty)
                return work(empty)
        return self._attempt(work, "begin")

    def write(self, work: Work[T]) -> T:
        """Do `work` in one transaction: all of it is recorded, on the disk, or none."""
        return self._attempt(work, "begin immediate")

    def _attempt(self, work: Work[T], begin: str) -> T:
        try:
            return self._once(work, begin)
        except sqlite3.DatabaseError as error:
            if _code(error) not in DAMAGE:
                raise self._unavailable(error) from error
        try:
            self._set_aside()
            return self._once(work, begin)
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _once(self, work: Work[T], begin: str) -> T:
        try:
            with _transaction(self._connection(), begin) as connection:
                return work(connection)
        except FOREIGN as error:
            if os.environ.get("KATA_DEBUG"):
                raise
            raise self._unavailable(error) from error

    def _connection(self) -> sqlite3.Connection:
        if self._open is not None and self._identity != _identity(self.file):
            self.close()  # it was deleted, or set aside: what is written to it nobody would find
        if self._open is None:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._unavailable(error) from error
            connection = _connect(str(self.file), self._patience)
            try:
                if _version(connection) > len(MIGRATIONS):
                    raise Unavailable(f"{self.file} was written by a newer kata: update this one")
                connection.execute("pragma journal_mode = wal")
                _migrate(connection)
            except BaseException:
                connection.close()
                raise
            self._open, self._identity = connection, _identity(self.file)
        return self._open

    def _set_aside(self) -> None:
        self.close()
        aside = salvage.set_aside(self.file)
        if aside is None:  # another command was quicker
            return
        connection = self._connection()
        saved = salvage.recover(aside, connection)
        rows = "nothing in it could be read" if not saved else f"{saved} rows of it were recovered"
        self.notices.append(f"{self.file} was damaged: kept as {aside.name}, and {rows}")

    def _unavailable(self, error: Exception) -> Unavailable:
        said = error if isinstance(error, sqlite3.Error | OSError) else repr(error)
        return Unavailable(f"{self.file}: {said}; KATA_HOME=FOLDER keeps history elsewhere")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file a name stands for now."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _connect(name: str, patience: float = WAIT_SECONDS) -> sqlite3.Connection:
    """A connection on which every transaction is written out, and on the disk once committed."""
    connection = sqlite3.connect(name, timeout=patience, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma synchronous = full")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == len(MIGRATIONS):
        return
    with _transaction(connection, "begin immediate"):
        version = _version(connection)  # another command may have done it meanwhile
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"pragma user_version = {len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    connection.execute(begin)
    try:
        yield connection
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise
    connection.execute("commit")
