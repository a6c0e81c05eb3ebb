"""The candidate's folder: write into it, never over existing work, and notice what is saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.kata.kata import Kata
from grader.kata.refused import Refused


class CannotWrite(Refused):
    """Nothing was written; the message names file, fault and remedy."""


@dataclass(frozen=True)
class Started:
    """Where the text went, and where the work that was there before went."""

    file: Path
    backup: Path | None = None


def start(kata: Kata, folder: Path, *, force: bool = False) -> Started:
    """Write the kata's stub as `<slug>.py`; an existing file is kept as a backup or refused."""
    file = folder / f"{kata.slug}.py"
    try:
        return put(file, kata.text("stub.py"), force=force)
    except FileExistsError:
        raise CannotWrite(
            f"{file} exists already: grade it with `kata grade {kata.slug}`, or begin anew with "
            "--force, which keeps a backup"
        ) from None


def put(file: Path, text: str, *, force: bool = False) -> Started:
    """Write a file; with `force` an existing one is kept as a backup.

    Raises CannotWrite, and FileExistsError where one exists.
    """
    folder = file.parent
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(f"{file} cannot be written: {folder} is not a folder; try another --dir")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        backup = _set_aside(file) if force else None
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotWrite(f"{file} cannot be written: {error.strerror}; try --dir") from error
    return Started(file, backup)


def _set_aside(file: Path) -> Path | None:
    """Rename existing work to the first free `.bak` name."""
    if not os.path.lexists(file):
        return None
    number = 1
    while True:
        backup = file.with_name(f"{file.name}.{number}.bak")
        if not os.path.lexists(backup):
            file.rename(backup)
            return backup
        number += 1


# --- what is saved ----------------------------------------------------------------------------

Stamp = tuple[int, int, int] | None


def stamp(file: Path) -> Stamp:
    """What tells one state of a file from the next, however it was saved; None where none is."""
    try:
        stat = file.stat()
    except OSError:  # it is not there, or a link leads in a circle
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


class Saves:
    """Notices that a file was saved, as often as it is asked: it changed, and then stood still."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known = self._pending = stamp(file)

    def seen(self) -> None:
        """The file as it is now is known."""
        self._known = self._pending = stamp(self.file)

    @property
    def changed(self) -> bool:
        """Whether it is another one than was known."""
        return stamp(self.file) not in (None, self._known)

    def saved(self) -> bool:
        """Whether it was saved; an editor in the middle of writing gets until the next look."""
        now = stamp(self.file)
        if now is None or now == self._known:
            return False
        still, self._pending = now == self._pending, now
        if still:
            self._known = now
        return still
