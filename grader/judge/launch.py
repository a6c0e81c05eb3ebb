"""Start the fork server at the one moment when it is cheapest: right after torch was imported.

A process that has only imported torch may be forked as it is, so the judge imports torch once and
forks its server from itself. Where torch is already in use, the server is a program of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader.kata.refused import Refused

if TYPE_CHECKING:
    from grader.judge.workers import Server

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def threads() -> int:
    """Threads of this process, as the kernel counts them."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def start_server(device: str = "cpu") -> Server:
    """A source of workers for `device`; imports torch if that has not happened yet.

    Raises Refused where torch sees no such device.
    """
    untouched = "torch" not in sys.modules and sys.platform == "linux"
    for name in ONE_THREAD if untouched else ():
        os.environ.setdefault(name, "1")
    import torch

    torch.set_num_threads(1)  # a judge compares small tensors: more threads only wait
    if device != "cpu":
        from grader.judge.spawned import Spawner

        _require(device)
        return Spawner()
    from grader.judge.forked import ForkServer

    return ForkServer(fork=untouched and threads() == 1)


def _require(device: str) -> None:
    import torch

    cuda = device == "cuda"
    if not (torch.cuda.is_available() if cuda else torch.backends.mps.is_available()):
        raise Refused(f"there is no {device} device here: grade with --device cpu")
