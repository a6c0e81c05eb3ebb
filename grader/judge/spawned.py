"""Workers for accelerators: started as programs of their own, because CUDA does not survive a fork.

A start costs a second or more, so one worker serves a whole bank, and a fresh one takes over after
any death.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from grader.judge.workers import START_SECONDS, Worker, plumbing, start_program
from grader.worker.sandbox import LIMITS


class Spawner:
    """Starts a worker program for each worker, and ends its process group."""

    reusable = True
    gone = False
    """Every worker is a program of its own: there is nothing to kill but itself."""
    start_seconds = START_SECONDS
    level = LIMITS
    """An accelerator's driver needs more than a sandbox leaves."""
    why = "workers on an accelerator have none"

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="kata-"))
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def spawn(self) -> Worker:
        """Start a worker; it imports torch before it reads its first frame."""
        worker, sock, output = plumbing()
        with sock:
            home = tempfile.mkdtemp(dir=self.scratch)
            process = start_program(
                "life", str(sock.fileno()), str(output), home, fds=[sock.fileno(), output]
            )
        os.close(output)
        worker.channel.drain = worker.drain
        worker.pid = process.pid
        self.processes[process.pid] = process
        return worker

    def await_start(self, worker: Worker) -> None:
        """The process exists already; importing torch is part of its `start_seconds`."""

    def retire(self, worker: Worker) -> None:
        """Kill the worker's group and collect it."""
        worker.close()
        self._end(worker.pid)

    def cause(self, worker: Worker) -> tuple[int, int]:
        """What a worker that hung up died of."""
        process = self.processes[worker.pid or 0]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        code = process.returncode or 0
        return (-code if code < 0 else code << 8), 0

    def close(self) -> None:
        """End every worker and remove the scratch folder."""
        for pid in list(self.processes):
            self._end(pid)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _end(self, pid: int | None) -> None:
        process = self.processes.pop(pid or 0, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # it may not have reached its own group yet
        process.wait()
