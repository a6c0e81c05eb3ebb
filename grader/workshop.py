"""Workers with one submission loaded: ask one, get its reply or the candidate's fault.

The next worker is forked and loaded while this one is in use.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence

from grader.pool import Server, Worker
from grader.verdict import Fault, Verdict
from grader.wire import Deadline, Message, PeerGone, WireError, unpack

PATIENCE = (5.0, 2.0, 1.0)
"""Seconds a request may take: less after each one that hung; after the last, none is tried."""
BIG = 2 * 1024**3
"""Bytes: a worker that grew this far and was killed was killed for it."""


class Workshop:
    """Workers with one submission loaded: ask one, get its reply or the candidate's fault."""

    def __init__(self, server: Server, load: Message, patience: Sequence[float] = PATIENCE) -> None:
        self.server = server
        self.load = load
        self.patience = patience
        self.spare: Worker | None = None
        self.hangs = 0
        self.printed = bytearray()

    def take(self) -> Worker:
        """A worker that is executing, or has executed, the submission's source."""
        worker = self.spare or self._begin()
        self.spare = None
        return worker

    def prepare(self) -> None:
        """Begin the next worker, so that it gets ready while the judge is busy."""
        if self.spare is None and not self.server.reusable:
            self.spare = self._begin()

    def _begin(self) -> Worker:
        worker = self.server.spawn()
        with contextlib.suppress(PeerGone, Deadline):
            worker.channel.send({"ask": "load", **self.load}, time.monotonic() + self.patience[0])
        return worker

    def listen(self, worker: Worker, seconds: float) -> Message:
        """Receive one reply; a silence, a death or nonsense is the candidate's fault."""
        frame = self.catch(worker, seconds)
        try:
            return unpack(*frame)
        except WireError as error:
            raise _nonsense(error) from None

    def catch(self, worker: Worker, seconds: float) -> tuple[bytes, bytes]:
        """Receive one reply without reading it yet."""
        try:
            return worker.channel.receive_frame(time.monotonic() + seconds)
        except Deadline:
            self.hangs += 1
            raise Fault(Verdict.TIME_LIMIT, f"no answer within {seconds:g} s") from None
        except PeerGone:
            raise self._death(worker) from None
        except WireError as error:
            raise _nonsense(error) from None

    def _death(self, worker: Worker) -> Fault:
        status, peak = self.server.cause(worker)
        if os.WIFSIGNALED(status):
            name = _signal_name(os.WTERMSIG(status))
            if name == "SIGKILL" and peak > BIG:
                return Fault(
                    Verdict.MEMORY_LIMIT, "the process was killed: it took too much memory"
                )
            return Fault(Verdict.RUNTIME_ERROR, f"the process died of {name}")
        code = os.waitstatus_to_exitcode(status)
        return Fault(Verdict.RUNTIME_ERROR, f"the process ended itself with exit status {code}")

    def send(self, worker: Worker, frame: bytes, seconds: float) -> None:
        """Send one packed request."""
        try:
            worker.channel.send_frame(frame, time.monotonic() + seconds)
        except Deadline:
            self.hangs += 1
            raise Fault(
                Verdict.TIME_LIMIT, f"did not read its input within {seconds:g} s"
            ) from None
        except PeerGone:
            raise self._death(worker) from None

    def put_back(self, worker: Worker, *, sound: bool, idle: bool = False) -> None:
        """Done with a worker: a sound one is kept if still idle, or where workers are dear."""
        self._hear(worker)
        if (self.server.reusable or idle) and sound and self.spare is None:
            self.spare = worker
        else:
            self.server.retire(worker)

    def _hear(self, worker: Worker) -> None:
        """Keep what the candidate printed, up to the bound."""
        drain = worker.drain
        while drain.open:
            before = len(drain.text) + drain.dropped
            drain.pull()
            if len(drain.text) + drain.dropped == before:
                break
        room = drain.keep - len(self.printed)
        self.printed += drain.text[: max(room, 0)]
        drain.text.clear()

    def close(self) -> None:
        """Retire the spare."""
        if self.spare is not None:
            self.server.retire(self.spare)
            self.spare = None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _nonsense(error: WireError) -> Fault:
    return Fault(Verdict.RUNTIME_ERROR, f"something else wrote into the answer ({error})")
