"""Keys as they are pressed, and the state of a terminal while they are read."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator

NAMES = {
    "\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down",
    "\x1b[5~": "page up", "\x1b[6~": "page down", " ": "page down",
    "k": "up", "j": "down", "\x1b": "escape", "\r": "enter", "\n": "enter",
}  # fmt: skip
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)|.", re.DOTALL)


def read_keys(fd: int) -> list[str] | None:
    """The keys that were pressed, by character or name; None when there will be no more."""
    try:
        data = os.read(fd, 1024)
    except OSError:  # the terminal is gone
        return None
    if not data:
        return None
    found = SEQUENCE.findall(data.decode("utf-8", "replace"))
    return [NAMES.get(key, key.lower()) for key in found if key in NAMES or len(key) == 1]


@contextlib.contextmanager
def keyboard(fd: int) -> Iterator[None]:
    """Keys arrive one by one and unseen; the terminal is afterwards as it was."""
    import termios
    import tty

    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # a terminal that was closed
            termios.tcsetattr(fd, termios.TCSADRAIN, before)


def is_lively() -> bool:
    """Whether this is a terminal that can be drawn on."""
    plain = os.environ.get("TERM") == "dumb"
    return sys.stdin.isatty() and sys.stdout.isatty() and not plain
