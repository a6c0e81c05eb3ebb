"""Workers forked from a process that imported torch and ran nothing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from grader.judge.workers import START_SECONDS, ServerGone, Worker, plumbing, start_program
from grader.worker.server import become_server, order


class ForkServer:
    """Workers forked from a process that imported torch and ran nothing."""

    reusable = False
    start_seconds = 0.0

    def __init__(self, *, fork: bool) -> None:
        """With `fork`, the server is a fork of this process, which then must have run nothing."""
        self.scratch = Path(tempfile.mkdtemp(prefix="kata-"))
        self.control, theirs = socket.socketpair()
        self.replies = b""
        self.unclaimed: list[Worker] = []
        try:
            begin = _fork_server if fork else _run_server
            self.pid = begin(theirs, self.scratch)
        finally:
            theirs.close()

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
            with sock:
                socket.send_fds(self.control, [order("spawn")], [sock.fileno(), output])
        except OSError as error:
            worker.close()
            raise ServerGone from error
        finally:
            os.close(output)
        worker.channel.drain = worker.drain
        self.unclaimed.append(worker)
        return worker

    def await_start(self, worker: Worker) -> None:
        """Read the pid; the first one also waits for the server itself."""
        self._claim(worker)

    def retire(self, worker: Worker) -> None:
        """Kill the worker's group; the server collects it while the judge goes on."""
        with contextlib.suppress(ServerGone):  # then its workers went with it
            self._claim(worker)
        worker.close()
        with contextlib.suppress(OSError):
            self.control.sendall(order("kill", worker.pid or 0))

    def cause(self, worker: Worker) -> tuple[int, int]:
        """Collect a worker that hung up; the status says what it died of."""
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
        while worker.pid is None:
            self.unclaimed.pop(0).pid = self._reply()["pid"]

    def _reply(self) -> dict[str, int]:
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
        reply: dict[str, int] = json.loads(line)
        return reply


def _fork_server(control: socket.socket, scratch: Path) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        become_server(control, scratch)
    return pid


def _run_server(control: socket.socket, scratch: Path) -> int:
    process = start_program("server", str(control.fileno()), str(scratch), fds=[control.fileno()])
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
