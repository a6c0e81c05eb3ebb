"""Time, in two kinds: the wall's for people to read, and a steady one to measure with.

A wall clock can be set back while somebody practises. Within one boot of the machine the steady
clock is the same in every process, so that even commands minutes apart measure with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NAMED_SECONDS = 5e10
"""Moments this far from 1970, either way, still have a date to be called by."""

LONGEST_GAP = 5.0
"""Seconds between two looks at a stopwatch beyond which nobody was at it: the machine slept, or the
process was stopped."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Moment:
    """A point in time, on both clocks."""

    at: float
    """Seconds since 1970, by the wall clock."""
    ticks: float
    """Seconds by the steady clock, which counts from an arbitrary point of its boot."""
    boot: str = ""
    """Which boot the ticks belong to; empty where the platform does not say."""


def now() -> Moment:
    """This moment."""
    return Moment(time.time(), time.monotonic(), _boot())


def steady() -> float:
    """Seconds by the steady clock."""
    return now().ticks


def between(first: Moment, second: Moment) -> float:
    """Seconds from one moment to a later one, never negative.

    By the steady clock where both belong to one boot, else by the wall clock.
    """
    if first.boot and first.boot == second.boot:
        return max(0.0, second.ticks - first.ticks)
    return max(0.0, second.at - first.at)


@cache
def _boot() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Stopwatch:
    """Counts on from what was counted before, while somebody is at it; to be read every second."""

    def __init__(self, elapsed: float = 0.0, ticks: Callable[[], float] = steady) -> None:
        self._elapsed = elapsed
        self._ticks = ticks
        self._last = ticks()

    def read(self) -> float:
        """Seconds so far."""
        ticks = self._ticks()
        self._elapsed += min(max(0.0, ticks - self._last), LONGEST_GAP)
        self._last = ticks
        return self._elapsed
