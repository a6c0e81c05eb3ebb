"""A judge that stays warm: one fork server, and one submission graded after another.

The server is started at the one moment when it is cheapest, right after torch was imported. A
process that has only imported torch may be forked as it is, so the judge imports torch once and
forks its server from itself. Where torch is already in use, the server is a program of its own.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from grader.judge.source import Source
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.verdict import Check, Report
from grader.worker.sandbox import AUTO, LEVELS, LIMITS

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
        self.server = start_server(self.device)
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
            self.server = start_server(self.device)
        seed = fresh_seed() if seed is None else seed
        grading = Grading(kata, source, self.server, seed, self.device, self.patience)
        report = grading.run(on_check, selection, diagnose=diagnose)
        return replace(report, seconds=time.perf_counter() - begun)


def fresh_seed() -> int:
    """A seed from the system's own randomness: nothing a submission could have predicted."""
    return int.from_bytes(os.urandom(4), "big")


# --- where workers come from ----------------------------------------------------------------------


ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def threads() -> int:
    """Threads of this process, as the kernel counts them."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Spares the collector what an import makes: looking at it takes a tenth of importing torch.

    Nor does it look there later, which in a fork would copy every page that it looks at.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()


def start_server(device: str = "cpu") -> Server:
    """A source of workers for `device`; imports torch if that has not happened yet.

    Raises Refused where torch sees no such device, or workers cannot be confined as is wanted.
    """
    wanted = os.environ.get("KATA_SANDBOX") or AUTO
    if wanted not in LEVELS:
        raise Refused(f"KATA_SANDBOX is {wanted!r}: it can be {', '.join(LEVELS)}")
    untouched = "torch" not in sys.modules and sys.platform == "linux"
    for name in ONE_THREAD if untouched else ():
        os.environ.setdefault(name, "1")
    with uncollected():
        import torch

    torch.set_num_threads(1)  # a judge compares small tensors: more threads only wait
    if device != "cpu":
        from grader.judge.spawned import Spawner

        _require(device)
        return _confined(Spawner(), wanted)
    from grader.judge.workers import ForkServer

    return _confined(ForkServer(fork=untouched and threads() == 1, wanted=wanted), wanted)


def _confined(server: Server, wanted: str) -> Server:
    """The server, if its workers are confined as is wanted."""
    if wanted in (AUTO, LIMITS) or server.level == wanted:
        return server
    why = server.why
    server.close()
    raise Refused(f"no sandbox `{wanted}` here: {why}; `--sandbox {AUTO}` takes the best there is")


def _require(device: str) -> None:
    import torch

    cuda = device == "cuda"
    if not (torch.cuda.is_available() if cuda else torch.backends.mps.is_available()):
        raise Refused(f"there is no {device} device here: grade with --device cpu")
