"""The candidate's own editor, or why there is none."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from pathlib import Path

from grader.kata.refused import Refused


def command(file: Path) -> list[str]:
    """How to open a file in $VISUAL or $EDITOR; Refused names the variable, and another way."""
    elsewhere = f"or open {file} in any editor elsewhere: saving it grades it"
    name = next((n for n in ("VISUAL", "EDITOR") if os.environ.get(n, "").strip()), None)
    if name is None:
        raise Refused(f"neither $VISUAL nor $EDITOR is set: set one, {elsewhere}")
    try:
        words = shlex.split(os.environ[name])
    except ValueError as error:
        raise Refused(f"${name} cannot be read ({error}): mend it, {elsewhere}") from None
    if shutil.which(words[0]) is None:
        raise Refused(f"${name} names `{words[0]}`, which is not found: mend it, {elsewhere}")
    return [*words, str(file)]


def near(file: Path) -> Path:
    """A path as one would type it here."""
    with contextlib.suppress(ValueError):
        return file.relative_to(Path.cwd())
    return file
