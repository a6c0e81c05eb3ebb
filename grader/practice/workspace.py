"""The candidate's folder: write into it, never over existing work."""

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
