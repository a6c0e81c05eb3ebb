"""One judge in the background, for whoever has to stay awake: it does one order after another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.judge.experiments.experiment import Seen
from grader.kata.kata import Kata, find
from grader.report.verdict import Check, Report


@dataclass(frozen=True)
class Order:
    """Grade what a kata's file holds; with an experiment, run that with it instead."""

    kata: str
    path: Path
    experiment: str = ""
    key: tuple[int, ...] = ()
    """What the order is known by to whoever gives it."""


Came = Check | Report | Seen | Exception
"""What comes of an order: checks as they come out, then the answer, or why there is none."""


class Judging(Protocol):
    """The judge as it is needed here; `remote.RemoteJudge` is one."""

    def grade_file(
        self, kata: Kata, path: Path, *, on_check: Callable[[Check], None] | None = None
    ) -> Report:
        """Grade what a file holds."""

    def experiment(self, kata: Kata, path: Path, name: str) -> Seen:
        """Run an experiment with it."""

    def start(self) -> None:
        """Begin to get ready, unless that is done."""

    def cancel(self) -> None:
        """Call off what is being waited for, which then raises Cancelled."""

    def close(self) -> None:
        """End."""


class BackgroundJudge:
    """Takes orders without making anybody wait, and tells what comes of each.

    `tell` is called in the judge's own thread, where it may take its time: to remember an attempt,
    or only to put the answer where somebody looks for it.
    """

    def __init__(self, judge: Callable[[], Judging], tell: Callable[[Order, Came], None]) -> None:
        self._make = judge
        self._tell = tell
        self._judge: Judging | None = None
        self._orders: deque[Order] = deque()
        self._lock = threading.Condition()
        self._working = False
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="judge", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether something is still to be told."""
        with self._lock:
            return self._working or bool(self._orders)

    def warm(self) -> Judging:
        """The judge; starting it is quick, but it takes a while until it is ready."""
        if self._judge is None:
            self._judge = self._make()
        return self._judge

    def put(self, order: Order) -> None:
        """Order something; what is waiting already is not ordered twice."""
        self.warm()
        with self._lock:
            if order not in self._orders:
                self._orders.append(order)
                self._lock.notify()

    def cancel(self) -> None:
        """Call everything off; a new judge warms up meanwhile."""
        with self._lock:
            self._orders.clear()
        if self._judge is not None:
            self._judge.cancel()
            self._judge.start()

    def close(self) -> None:
        """Call everything off, and end the judge with all that it started."""
        with self._lock:
            self._closed = True
            self._orders.clear()
            self._lock.notify()
            working = self._working
        if self._judge is None:
            return
        if working:
            self._judge.cancel()
        self._thread.join(10)
        self._judge.close()

    def _work(self) -> None:
        while (order := self._next()) is not None:
            self._tell(order, self._answer(order))

    def _next(self) -> Order | None:
        with self._lock:
            self._working = False
            while not self._orders and not self._closed:
                self._lock.wait()
            if self._closed:
                return None
            self._working = True
            return self._orders.popleft()

    def _answer(self, order: Order) -> Report | Seen | Exception:
        try:
            kata = find(order.kata)
            if order.experiment:
                return self.warm().experiment(kata, order.path, order.experiment)
            return self.warm().grade_file(
                kata, order.path, on_check=lambda check: self._tell(order, check)
            )
        except Exception as error:  # an order without an answer would be waited for for ever
            return error
