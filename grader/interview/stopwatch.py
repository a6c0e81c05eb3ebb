"""A round's own clock: it runs while somebody is at it, and knows nothing of the wall's."""

from __future__ import annotations

from collections.abc import Callable

from grader.practice.clock import now

LONGEST_GAP = 5.0
"""Seconds between two looks beyond which nobody was at it: the machine slept, or the process was
stopped."""


def steady() -> float:
    """Seconds by the steady clock."""
    return now().ticks


class Stopwatch:
    """Counts on from what was counted before; to be read every second or so."""

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
