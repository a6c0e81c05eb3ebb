"""The life of a worker: confine itself, load the submission once, answer until killed."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from typing import Any

import torch

from grader.kata.entry_point import EntryPoint
from grader.worker.entry import Loaded, NoEntryPoint, load
from grader.worker.execution import warn_plainly
from grader.worker.program import answer, describe_error, prepare
from grader.worker.recorder import Recorder, guarding
from grader.worker.sandbox import LIBC
from grader.worker.wire import Channel, Deadline, Message, PeerGone, WireError

MEMORY = 4 * 1024**3
"""Address space of a worker; torch with a backward pass needs about 0.7 GiB of it."""
FILE_SIZE = 64 * 1024**2
PR_SET_PDEATHSIG = 1


def retreat() -> None:
    """Leave nothing that steers this process within reach of what will be forked from it: no
    environment, no signal handler, no terminal, no stream of the judge's.

    Once, in the process that workers are forked from; a worker does what is its own in `confine`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.close(null)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own streams
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.argv = ["submission"]
    kept = {k: os.environ[k] for k in ("PATH", "LANG", "LD_LIBRARY_PATH") if k in os.environ}
    os.environ.clear()
    os.environ.update(kept, OMP_NUM_THREADS="1")
    tempfile.tempdir = None  # it may have been looked up; a worker has a folder of its own


def confine(home: str, output: int, *, accelerator: bool = False) -> None:
    """Leave what `retreat` could not: the parent's group, its folder, and limits of its own.

    home: an empty folder of this worker's. output: where its prints go.
    """
    os.setsid()
    _die_with_parent()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(home)
    os.environ["HOME"] = os.environ["TMPDIR"] = home
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: FILE_SIZE}
    if not accelerator:  # CUDA maps far more address space than it uses
        limits[resource.RLIMIT_AS] = MEMORY
    for kind, most in limits.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _die_with_parent() -> None:
    """On Linux the kernel kills a worker whose fork server is gone."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def close_all_but(*kept: int) -> None:
    """Close every descriptor except the standard three and those given."""
    low = 3
    for fd in sorted(kept):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


@dataclass
class Life:
    """What a worker holds between requests: the submission as loaded, and who watches it."""

    loaded: Loaded | None = None
    recorder: Recorder = field(default_factory=lambda: Recorder(()))
    built: list[Any] = field(default_factory=list)
    """What was prepared for the calls that are going to be timed."""
    staged: Message = field(default_factory=dict)
    """The calls, delivered and waiting for the word to go."""
    answered: Message = field(default_factory=dict)
    """What came of them, waiting to be fetched."""

    def load(self, message: Message) -> Message:
        """Execute the source and find the entry point in it."""
        entry = EntryPoint.unpack(message["entry"])
        self.recorder = guarding(tuple(message["banned"]))
        warn_plainly()
        try:
            self.loaded = load(message["source"], entry)
        except NoEntryPoint as reason:
            return {"error": {"stage": "entry", "type": "", "message": str(reason), "frames": []}}
        except BaseException as error:
            return {"error": describe_error(error, "import")}
        return {
            "error": None,
            "name": self.loaded.name,
            "notes": list(self.loaded.notes),
            "absent": list(self.loaded.absent),
            "lacks": list(self.loaded.lacks),
        }

    def obey(self, message: Message) -> Message:
        """Do what a frame asks: load, run, or run step by step, of which `go` is timed."""
        ask = message["ask"]
        if ask == "load":
            return self.load(message)
        if self.loaded is None:
            return {"results": [], "error": None}
        if ask in ("prepare", "stage", "go", "fetch"):
            return self._step(self.loaded, message)
        return answer(self.loaded, message, self.recorder)

    def _step(self, loaded: Loaded, message: Message) -> Message:
        """Build, receive the calls, make them, and give the answers: each when it is asked for."""
        if message["ask"] == "prepare":
            self.built, reply = prepare(loaded, message, self.recorder)
            return reply
        if message["ask"] == "stage":
            self.staged = message
        elif message["ask"] == "go":
            self.answered = answer(loaded, self.staged, self.recorder, self.built)
        else:
            return self.answered
        return {}


def work(sock: socket.socket) -> None:
    """Answer frames until the judge closes its end or kills this process."""
    torch.set_num_threads(1)
    channel, life = Channel(sock), Life()
    while True:
        try:
            message = channel.receive()
        except (PeerGone, WireError, Deadline):
            return
        reply = life.obey(message)
        try:
            channel.send(reply)
        except PeerGone:
            return
        except Exception as error:
            channel.send({"results": [], "error": describe_error(error, "reply")})


def main() -> None:
    """Be a worker of one's own, on an accelerator: frames, prints and folder come by `argv`."""
    frames, output, home = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    gc.freeze()
    gc.enable()
    retreat()
    confine(home, output, accelerator=True)
    close_all_but(frames)
    work(socket.socket(fileno=frames))
