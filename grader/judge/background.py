"""Where the judge works while the round's clock goes on: one thread, one order after another."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.judge.experiments.experiment import Seen
from grader.judge.file import Cancelled
from grader.kata.kata import Kata, find
from grader.kata.refused import Refused
from grader.report.verdict import Fault, Report


@dataclass(frozen=True)
class Order:
    """Grade the kata's file; with an experiment, run that with it instead."""

    stage: int
    kata: str
    experiment: str = ""
    item: int = 0


class Judging(Protocol):
    """The judge as it is needed here; `remote.RemoteJudge` is one."""

    def grade_file(self, kata: Kata, path: Path) -> Report:
        """Grade what a file holds."""

    def experiment(self, kata: Kata, path: Path, name: str) -> Seen:
        """Run an experiment with it."""

    def cancel(self) -> None:
        """Call off what is being waited for."""

    def close(self) -> None:
        """End."""


@dataclass(frozen=True)
class Done:
    """An order, and what came of it: an answer, or the reason why there is none."""

    order: Order
    path: Path
    answer: Report | Seen | str


class Bench:
    """Takes orders and gives answers, without making anybody wait."""

    def __init__(self, judge: Callable[[], Judging]) -> None:
        self._make = judge
        self._judge: Judging | None = None
        self._orders: deque[tuple[Order, Path]] = deque()
        self._lock = threading.Condition()
        self._working = False
        self._closed = False
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="bench", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        with self._lock:
            return self._working or bool(self._orders) or not self._done.empty()

    def warm(self) -> Judging:
        """The judge; starting it is quick, but it takes a while until it is ready."""
        if self._judge is None:
            self._judge = self._make()
        return self._judge

    def put(self, order: Order, path: Path) -> None:
        """Order something; what is waiting already is not ordered twice."""
        self.warm()
        with self._lock:
            if (order, path) not in self._orders:
                self._orders.append((order, path))
                self._lock.notify()

    def take(self) -> list[Done]:
        """The answers that have come."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def close(self) -> None:
        """Call everything off, and end the judge."""
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
        while True:
            with self._lock:
                self._working = False
                while not self._orders and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                order, path = self._orders.popleft()
                self._working = True
            answer = self._answer(order, path)
            if answer is not None:
                self._done.put(Done(order, path, answer))

    def _answer(self, order: Order, path: Path) -> Report | Seen | str | None:
        try:
            kata = find(order.kata)
            if order.experiment:
                return self.warm().experiment(kata, path, order.experiment)
            return self.warm().grade_file(kata, path)
        except Cancelled:
            return None
        except Refused as refused:
            return str(refused)
        except Fault as fault:
            return f"your code does not run: {fault.message}"
        except Exception as error:  # the round goes on, whatever became of the judge
            return f"the judge failed ({type(error).__name__}: {error}); /grade tries again"
