"""A judge that stays warm: one fork server, and one submission graded after another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from grader.judge import launch
from grader.judge.source import Source
from grader.kata.kata import Kata
from grader.report.verdict import Check, Report

if TYPE_CHECKING:
    from grader.judge.bank_run import Selection
    from grader.judge.workers import Server


Progress = Callable[[Check], None]


@dataclass
class Session:
    """Grades submissions until it is closed; a context manager."""

    device: str = "cpu"
    patience: Sequence[float] | None = None
    """Seconds a request may take, the first time and after each one that hung; or the default."""
    server: Server = field(init=False)

    def __enter__(self) -> Self:
        self.server = launch.start_server(self.device)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def grade(
        self,
        kata: Kata,
        source: Source,
        seed: int | None = None,
        on_check: Progress | None = None,
        selection: Selection | None = None,
        *,
        diagnose: bool = True,
    ) -> Report:
        """Grade one submission; a fault before any check is a report too."""
        from grader.judge.grading import Grading

        begun = time.perf_counter()
        if self.server.gone:  # the submission before this one killed it
            self.server.close()
            self.server = launch.start_server(self.device)
        seed = fresh_seed() if seed is None else seed
        grading = Grading(kata, source, self.server, seed, self.device, self.patience)
        report = grading.run(on_check, selection, diagnose=diagnose)
        return replace(report, seconds=time.perf_counter() - begun)


def fresh_seed() -> int:
    """A seed from the system's own randomness: nothing a submission could have predicted."""
    return int.from_bytes(os.urandom(4), "big")
