"""What happens while a file is watched, and the one place where all of it arrives."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import time
from dataclasses import dataclass

from grader.practice.attempts import Recorded
from grader.report.verdict import Check, Report


@dataclass(frozen=True)
class Key:
    """A key was pressed: its character, or a name such as `up`."""

    name: str


@dataclass(frozen=True)
class Saved:
    """Something happened to the file, or to what stands in its place."""


@dataclass(frozen=True)
class Checked:
    """A check of the grade that is running came out."""

    grade: int
    check: Check


@dataclass(frozen=True)
class Graded:
    """A grade came to its end; `note` says what else there is to know."""

    grade: int
    report: Report
    recorded: Recorded | None = None
    note: str = ""


@dataclass(frozen=True)
class Missed:
    """A grade came to no report: it was called off, or there was nothing to grade."""

    grade: int
    why: str = ""


@dataclass(frozen=True)
class Resized:
    """The terminal has another size now, or is ours again."""


Event = Key | Saved | Checked | Graded | Missed | Resized


class Mailbox:
    """Events from threads and signal handlers, to be waited for beside a descriptor."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ears, self._bell = os.pipe()
        os.set_blocking(self._ears, False)
        os.set_blocking(self._bell, False)

    def post(self, event: Event) -> None:
        """Put an event in; from any thread."""
        self._events.put(event)
        with contextlib.suppress(BlockingIOError):  # a full pipe rings already
            os.write(self._bell, b"!")

    def take(self) -> Event | None:
        """The next event, if there is one."""
        try:
            return self._events.get_nowait()
        except queue.Empty:
            return None

    def wait(self, until: float | None, *others: int) -> list[int]:
        """Sleep until an event, a moment (monotonic), or one of the descriptors is readable."""
        seconds = None if until is None else max(0.0, until - time.monotonic())
        ready, _, _ = select.select([self._ears, *others], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._ears, 4096)
        return [fd for fd in ready if fd != self._ears]

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._ears)
        os.close(self._bell)
