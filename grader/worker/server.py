"""The fork server: a process that imported torch, ran nothing, and forks a fresh worker on demand.

It is a fork of the judge taken while the judge itself had run nothing, or, where that moment has
passed (a notebook, a test run), a program of its own. It adopts and kills whatever its workers
leave behind, and it ends, with all of them, when the judge's end of its control socket closes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from grader.kata.kata import all_katas
from grader.worker.entry import load
from grader.worker.execution import forget
from grader.worker.life import close_all_but, confine, retreat, work
from grader.worker.recorder import Recorder, guarding
from grader.worker.sandbox import LIBC, LIMITS, PARTIAL, Sandbox, tried
from grader.worker.storages import without_compiler
from grader.worker.wire import pack, unpack_frame

PR_SET_CHILD_SUBREAPER = 36
MANY = 8
"""Dead workers that are not left waiting for a lull."""
LULL = 0.01
"""Seconds without an order after which there is time to collect the dead."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE = 32 * 1024 * 1024
"""Bytes: more than that glibc does not take for the threshold above which memory is mapped."""
SEVERAL = 50
"""Forks after which it pays to make them cheap: more than a single grade needs."""
ORDER = 64
"""Bytes of an order: a fixed size, so that a stream socket keeps orders apart."""


def order(do: str, pid: int = 0) -> bytes:
    """An order as it travels: JSON, padded to its fixed size."""
    return json.dumps({"do": do, "pid": pid}).encode().ljust(ORDER)


class Server:
    """Obeys `spawn` (with two descriptors), `kill` and `reap` orders on a control socket."""

    def __init__(self, control: socket.socket, scratch: Path, wanted: str) -> None:
        """wanted: the level of confinement that workers are to have, or the best there is."""
        self.control = control
        self.wanted = wanted
        self.sandbox: Sandbox | None = None
        self.scratch = scratch
        self.workers: set[int] = set()
        self.homes: dict[int, str] = {}
        """The folder of each worker: by a name of its own, as numbers come round again."""
        self.dying: set[int] = set()
        self.pages = gather()
        self.forked = 0

    def serve(self) -> None:
        """Obey until the judge is gone; then kill everything and remove the scratch folder."""
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
        keep_freed_memory()
        warm()
        gc.freeze()  # a collection in a worker would touch, and so copy, every inherited page
        gc.enable()
        self.sandbox, why = tried(self.wanted, tempfile.mkdtemp(dir=self.scratch))
        self._say({"level": LIMITS if self.sandbox is None else PARTIAL, "why": why})
        try:
            while True:
                self._use_the_time()
                data, fds, _, _ = socket.recv_fds(self.control, ORDER, 2)
                if not data:
                    return
                self._obey(json.loads(data), fds)
        finally:
            for pid in list(self.workers):
                self._kill(pid)
            self._collect(0)
            self._sweep()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _use_the_time(self) -> None:
        """Until the next order: gather memory, and after a lull collect the dead."""
        while self.forked > SEVERAL and next(self.pages, self) is None:
            if select.select([self.control], [], [], 0)[0]:
                return
        while self.dying and not select.select([self.control], [], [], LULL)[0]:
            self._collect()

    def _obey(self, wish: dict[str, Any], fds: list[int]) -> None:
        if wish["do"] == "spawn":
            pid = self._fork(*fds)
            for fd in fds:
                os.close(fd)
            self._say({"pid": pid})
        elif wish["do"] == "kill":
            self._kill(wish["pid"])
        else:
            status, peak = self._cause(wish["pid"])
            self._say({"status": status, "peak": peak})
        if len(self.dying) > MANY:
            self._collect()

    def _fork(self, frames: int, output: int) -> int:
        home = tempfile.mkdtemp(dir=self.scratch)
        pid = os.fork()
        if pid:
            self.workers.add(pid)
            self.homes[pid] = home
            self.forked += 1
            return pid
        status = 1
        try:
            confine(home, output)
            close_all_but(frames, *(() if self.sandbox is None else self.sandbox.descriptors))
            if self.sandbox is not None:
                self.sandbox.enter(home)
            work(socket.socket(fileno=frames))
            status = 0
        finally:
            os._exit(status)

    def _kill(self, pid: int) -> None:
        """Kill a worker's whole group; it is collected when there is time."""
        if pid in self.workers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            self.workers.discard(pid)
            self.dying.add(pid)

    def _collect(self, flags: int = os.WNOHANG) -> None:
        """Take leave of workers that were killed, and of what they left behind."""
        for pid in list(self.dying):
            if os.waitpid(pid, flags)[0]:
                self._clear_after(pid)

    def _cause(self, pid: int) -> tuple[int, int]:
        """What a worker that hung up died of, and its peak memory in bytes.

        It may still be dying, so it is given a moment.
        """
        end = _await_death(pid) if pid in self.workers else (0, 0)
        self._kill(pid)
        if end is not None:
            self._clear_after(pid)
        return end or (0, 0)

    def _clear_after(self, pid: int) -> None:
        """A worker was collected: what it left behind goes after it, processes and folder."""
        self.dying.discard(pid)
        self._sweep()
        home = self.homes.pop(pid, None)
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)

    def _sweep(self) -> None:
        """Kill what left its worker's group: as subreaper, this process has become its parent."""
        while strays := _children() - self.workers - self.dying:
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _say(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")


def keep_freed_memory() -> None:
    """Have the C library reuse what is freed instead of giving it back to the kernel.

    A tensor beyond 128 KB would else be mapped anew each time, and each of its pages costs a fault:
    half of what a long sequence takes, and more on some days than on others.
    """
    if sys.platform == "linux":
        for what, most in ((M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, 16 * LARGE)):
            LIBC.mallopt(what, most)


def warm() -> None:
    """Go once through what every worker does, so that it is not each worker's first time.

    With one thread nothing of it outlives the call: what makes a later fork hang is a pool of
    threads, and none is started.
    """
    torch.set_num_threads(1)
    without_compiler()
    torch.compile = _as_it_is
    x = torch.ones(2, 3, 3)
    with Recorder(()), torch.no_grad():
        scores = (x @ x.transpose(-2, -1) / 2.0).masked_fill(x == 0, -1.0)
        context = torch.softmax(scores, dim=-1) @ x
    unpack_frame(pack({"context": context}))
    for kata in all_katas():
        guarding(kata.banned)  # looking up what is banned is slow the first time
        with contextlib.suppress(Exception):  # a stub that is at fault is the gate's to tell
            load(kata.text("stub.py"), kata.entry)
    forget()


def _as_it_is(model: Any = None, **_: Any) -> Any:
    """In the place of `torch.compile`, for which a compiler is needed: right is right without."""
    return _as_it_is if model is None else model


def _await_death(pid: int, seconds: float = 0.5) -> tuple[int, int] | None:
    for _ in range(int(seconds / 0.005)):
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage.ru_maxrss * 1024
        time.sleep(0.005)
    return None


def _children() -> set[int]:
    """Processes whose parent is this one, where the kernel tells."""
    me = os.getpid()
    with contextlib.suppress(OSError):
        return {int(p) for p in Path(f"/proc/{me}/task/{me}/children").read_text().split()}
    return set()


def become_server(control: socket.socket, scratch: Path, wanted: str) -> None:
    """Turn this freshly forked or started process into the fork server; never returns."""
    status = 1
    try:
        os.setsid()
        retreat()
        close_all_but(control.fileno())
        Server(control, scratch, wanted).serve()
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Be a fork server of one's own: `argv` holds the control socket's number, the folder and the
    level of confinement.
    """
    become_server(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]), sys.argv[3])


# --- cheap forks ----------------------------------------------------------------------------------


MADV_COLLAPSE = 25
HUGE = 2 * 1024 * 1024


def gather() -> Iterator[None]:
    """Collapse the private writable mappings, one huge page for each step, to make forking cheap.

    A fork copies page tables and its end tears them down again. With 127 MB of torch in 4 KiB pages
    that is 5.6 ms a worker; in 2 MiB pages it is 2.2 ms. Gathering takes 0.3 s, so it is done page
    by page in idle moments. Where the kernel cannot (before Linux 6.1, other systems) nothing
    changes but the speed.
    """
    if sys.platform != "linux":
        return
    madvise = LIBC.madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        begin, end = (int(part, 16) for part in span.split("-"))
        first = -(-begin // HUGE) * HUGE
        for page in range(first, end - HUGE + 1, HUGE) if permissions == "rw-p" else ():
            madvise(page, HUGE, MADV_COLLAPSE)
            yield
