"""Calls that go on and on: told from inside, so that a line can be named and nobody waits.

A count of torch's calls says the same on every machine, however busy; where code makes none, the
process's own time has to do. Like the recorder this is a lint for honest people: the judge's
deadline is what holds.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any

MAX_CALLS = 50_000
"""Calls of torch in one call of the submission: right ones make 50, and 3,000 where they go through
a long sequence block by block."""


class Endless(BaseException):
    """What goes on and on is ended with this; the message says how that was told."""


def too_many_calls() -> Endless:
    """So many calls of torch are a loop that was not meant."""
    return Endless(f"more than {MAX_CALLS:,} calls of torch in one call")


@contextlib.contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Ends by Endless what computes for longer, unless it was importing meanwhile."""
    if seconds is None:
        yield
        return
    known = len(sys.modules)

    def ring(*_: Any) -> None:
        nonlocal known
        if len(sys.modules) > known:
            known = len(sys.modules)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            return
        raise Endless(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
