"""What a worker is, whoever starts it, and the pipes between it and the judge."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.report.verdict import Fault, Verdict
from grader.worker.wire import Channel, Drain, Message

START_SECONDS = 120.0
"""A fork server that must import torch first, on a machine that is busy with something else."""


CPU_CLOCK = 2
"""What Linux makes the number of a process's own clock with: see clock_getcpuclockid(3)."""


@dataclass(frozen=True)
class Moment:
    """What the clocks said at one time, in seconds."""

    wall: float
    worked: float | None = None
    """CPU time that a worker has had, in all its threads; None where no system tells."""
    queued: float = 0.0
    """For how long it was ready and had no processor."""
    elsewhere: float = 0.0
    """For how long the judge, which it may have waited for, was at work or queued itself."""

    def until(self, later: Moment) -> float:
        """Seconds of the worker's own from here to a later moment: at work, asleep, or waiting for
        another process; but not those in which it was ready and the machine was busy.

        So a machine that does something else beside makes nobody slow, and neither sleep nor a
        process that does the work makes anybody quick. Where the clocks do not tell, all of them.
        """
        wall = later.wall - self.wall
        if self.worked is None or later.worked is None:
            return wall
        worked = later.worked - self.worked
        busy = later.queued - self.queued + later.elsewhere - self.elsewhere
        return worked + max(wall - worked - busy, 0.0)


def moment(pid: int | None) -> Moment:
    """Now, by the clocks of this process and of a worker's, as the kernel has them."""
    wall = time.perf_counter()
    if pid is None or sys.platform != "linux":
        return Moment(wall)
    try:
        worked = time.clock_gettime((~pid << 3) | CPU_CLOCK)
        queued, own = _queued(str(pid)), time.thread_time() + _queued("thread-self")
    except (OSError, ValueError, IndexError):
        return Moment(wall)
    return Moment(wall, worked, queued, own)


def _queued(process: str) -> float:
    """Seconds that a process was ready without a processor, which the kernel counts."""
    fd = os.open(f"/proc/{process}/schedstat", os.O_RDONLY)
    try:
        return int(os.read(fd, 64).split()[1]) / 1e9
    finally:
        os.close(fd)


class ServerGone(Fault):
    """The process that workers are forked from is gone; nothing but a submission ends it."""

    def __init__(self) -> None:
        super().__init__(
            Verdict.RUNTIME_ERROR,
            "the process that starts your code was killed while your code ran: leave others alone",
        )


@dataclass
class Worker:
    """A process that holds the submission, and the judge's ends of its pipes."""

    channel: Channel
    drain: Drain
    pid: int | None = None
    loaded: Message | None = None
    """What loading the submission came to, once it has been heard."""

    def close(self) -> None:
        """Close the judge's ends; the process itself is the server's to end."""
        self.channel.close()
        os.close(self.drain.fd)


class Server(Protocol):
    """Where workers come from."""

    reusable: bool
    """Whether a worker serves a whole bank, because a fresh one is dear."""
    start_seconds: float
    """What a worker may take to start, beyond executing the submission."""

    @property
    def gone(self) -> bool:
        """Whether nothing can come from here any more."""

    def spawn(self) -> Worker:
        """Begin a worker; its process may still be starting when this returns."""

    def await_start(self, worker: Worker) -> None:
        """Return when the worker's process exists: what it takes is not the candidate's time."""

    def retire(self, worker: Worker) -> None:
        """End a worker and whatever it left behind."""

    def cause(self, worker: Worker) -> tuple[int, int]:
        """The wait status of a worker that hung up, and its peak memory in bytes."""

    def close(self) -> None:
        """End every worker and the server."""


def plumbing() -> tuple[Worker, socket.socket, int]:
    """Pipes for one worker: the judge's ends, and the two that the worker gets."""
    mine, theirs = socket.socketpair()
    read, write = os.pipe()
    os.set_blocking(read, False)
    return Worker(Channel(mine), Drain(read)), theirs, write


BEGIN = (
    "import sys; end = sys.argv.index('--'); sys.path[:] = sys.argv[end + 1:]; "
    "del sys.argv[end:]; from grader.worker.{module} import main; main()"
)
"""The import path comes after the arguments: a scratch folder must never become part of it."""


def start_program(module: str, *arguments: str, fds: Sequence[int]) -> subprocess.Popen[bytes]:
    """Run `main` of a worker module in a new interpreter with this one's import path.

    Neither the environment nor the current folder can steer that interpreter.
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-E",
            "-P",
            "-c",
            BEGIN.format(module=module),
            *arguments,
            "--",
            *sys.path,
        ],
        pass_fds=fds,
        env=_worker_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _worker_environment() -> dict[str, str]:
    """The environment a started server or worker gets: one thread, and no way to steer Python."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    return {**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
