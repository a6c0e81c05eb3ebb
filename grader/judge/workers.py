"""What a worker is, whoever starts it, and the pipes between it and the judge."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from grader.report.verdict import Fault, Verdict
from grader.worker.sandbox import AUTO
from grader.worker.server import become_server, order
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

    def computing(self, later: Moment) -> float:
        """Seconds that the worker computed from here to a later moment, in all its threads.

        What it slept is left out: that gains nothing where it can have no other process work.
        """
        if self.worked is None or later.worked is None:
            return self.until(later)
        return later.worked - self.worked


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
    def level(self) -> str:
        """How its workers are confined: tried out before there was a submission."""

    @property
    def why(self) -> str:
        """Why it is no more than that, where it is not the best there is."""

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
    "import gc, sys; gc.disable(); end = sys.argv.index('--'); sys.path[:] = sys.argv[end + 1:]; "
    "del sys.argv[end:]; from grader.worker.{module} import main; main()"
)
"""The import path comes after the arguments: a scratch folder must never become part of it. What is
imported is nothing that the collector need look at."""


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


# --- forked ones ----------------------------------------------------------------------------------


class ForkServer:
    """Workers forked from a process that imported torch and ran nothing."""

    reusable = False
    start_seconds = 0.0

    def __init__(self, *, fork: bool, wanted: str = AUTO) -> None:
        """With `fork`, the server is a fork of this process, which then must have run nothing.

        wanted: the level of confinement, or the best there is.
        """
        self.said: dict[str, Any] = {}
        self.scratch = Path(tempfile.mkdtemp(prefix="kata-"))
        self.control, theirs = socket.socketpair()
        self.replies = b""
        self.unclaimed: list[Worker] = []
        self.one = threading.RLock()
        """Held by whoever gives an order or reads a reply, which come in the orders' order."""
        try:
            begin = _fork_server if fork else _run_server
            self.pid = begin(theirs, self.scratch, wanted)
        finally:
            theirs.close()

    @property
    def level(self) -> str:
        """What the server found, before anything else, that its workers can have."""
        return str(self._found()["level"])

    @property
    def why(self) -> str:
        """Why it is not more."""
        return str(self._found()["why"])

    def _found(self) -> dict[str, Any]:
        """The server's first reply, which comes before any other."""
        with self.one:
            self.said = self.said or self._reply()
            return self.said

    @property
    def gone(self) -> bool:
        """Whether the server's process has ended."""
        with contextlib.suppress(ChildProcessError):  # it was collected before
            return os.waitpid(self.pid, os.WNOHANG) != (0, 0)
        return True

    def spawn(self) -> Worker:
        """Order a fork; the pid is read when it is needed."""
        worker, sock, output = plumbing()
        try:
            with sock, self.one:
                socket.send_fds(self.control, [order("spawn")], [sock.fileno(), output])
                self.unclaimed.append(worker)
        except OSError as error:
            worker.close()
            raise ServerGone from error
        finally:
            os.close(output)
        worker.channel.drain = worker.drain
        return worker

    def await_start(self, worker: Worker) -> None:
        """Read the pid; the first one also waits for the server itself."""
        self._claim(worker)

    def retire(self, worker: Worker) -> None:
        """Kill the worker's group; the server collects it while the judge goes on."""
        with contextlib.suppress(ServerGone):  # then its workers went with it
            self._claim(worker)
        worker.close()
        with contextlib.suppress(OSError), self.one:
            self.control.sendall(order("kill", worker.pid or 0))

    def cause(self, worker: Worker) -> tuple[int, int]:
        """Collect a worker that hung up; the status says what it died of."""
        with self.one:
            self._claim(worker)
            try:
                self.control.sendall(order("reap", worker.pid or 0))
            except OSError:
                raise ServerGone from None
            while self.unclaimed:
                self._claim(self.unclaimed[0])
            reply = self._reply()
        return reply["status"], reply["peak"]

    def close(self) -> None:
        """Hang up: the server kills its workers, removes the scratch folder and ends."""
        self.control.close()
        with contextlib.suppress(ChildProcessError):
            _wait(self.pid, 5.0)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _claim(self, worker: Worker) -> None:
        """Read pids in the order the workers were ordered, up to this one's."""
        with self.one:
            self._found()
            while worker.pid is None:
                self.unclaimed.pop(0).pid = self._reply()["pid"]

    def _reply(self) -> dict[str, Any]:
        self.control.settimeout(START_SECONDS)
        while b"\n" not in self.replies:
            try:
                data = self.control.recv(4096)
            except ConnectionError:
                data = b""
            if not data:
                raise ServerGone
            self.replies += data
        line, _, self.replies = self.replies.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply


def _fork_server(control: socket.socket, scratch: Path, wanted: str) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        become_server(control, scratch, wanted)
    return pid


def _run_server(control: socket.socket, scratch: Path, wanted: str) -> int:
    number = control.fileno()
    process = start_program("server", str(number), str(scratch), wanted, fds=[number])
    process.returncode = 0  # the pool waits for it by pid; Popen need not warn about it
    return process.pid


def _wait(pid: int, seconds: float) -> None:
    """Wait for a child's end, and make it end when it does not by itself."""
    give_up = time.monotonic() + seconds
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > give_up:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.002)
