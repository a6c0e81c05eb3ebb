"""The talk with workers that hold one submission: open one, ask it, clock it, hand it back.

A `WorkerPool` keeps the next worker ready while one is in use; a `Conversation` is one check's own.
What a worker sends is the candidate's word: a silence, a death or nonsense is the candidate's
fault.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from grader.exchange.answer import disbelieving, fault_of
from grader.judge.workers import Server, Worker
from grader.kata.kata import Kata
from grader.report.verdict import Evidence, Fault, Verdict
from grader.worker.wire import Deadline, Message, PeerGone, WireError, pack, unpack

PATIENCE = (5.0, 2.0, 1.0)
"""Seconds a request may take: less after each one that hung; after the last, none is tried."""


HUNG = Evidence(hung=True)
BIG = 2 * 1024**3
"""Bytes: a worker that grew this far and was killed was killed for it."""


class WorkerPool:
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
            raise Fault(Verdict.TIME_LIMIT, f"no answer within {seconds:g} s", HUNG) from None
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
                Verdict.TIME_LIMIT, f"did not read its input within {seconds:g} s", HUNG
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


T = TypeVar("T")


LOAD_PATIENCE = 2.0
"""Times the patience for a request: executing a submission's source may import something."""


GO = pack({"ask": "go"})
CPU_CLOCK = 2
"""What Linux makes the number of a process's own clock with: see clock_getcpuclockid(3)."""


@dataclass
class Conversation:
    """One check's worker: taken when first needed, put back or thrown away afterwards."""

    pool: WorkerPool
    worker: Worker | None = None
    sound: bool = True
    idle: bool = True
    """Whether the worker has done nothing yet but load."""

    def open(self) -> Message:
        """The worker's account of loading the submission; raises Fault where that failed."""
        pool = self.pool
        if self.worker is None:
            if pool.hangs >= len(pool.patience):
                raise Fault(Verdict.TIME_LIMIT, "not tried: requests before this one hung", HUNG)
            self.worker = pool.take()
        if self.worker.loaded is None:
            pool.server.await_start(self.worker)
            seconds = max(LOAD_PATIENCE * self._patience(), pool.server.start_seconds)
            self.worker.loaded = self._guarded(lambda w: pool.listen(w, seconds))
        return _account(self.worker.loaded)

    def run(self, message: Message) -> Message:
        """Ask one request of this check's worker."""
        self.open()
        pool, seconds = self.pool, self._patience()
        self._guarded(lambda w: pool.send(w, pack(message), seconds))
        self.idle = False
        pool.prepare()
        return self._guarded(lambda w: pool.listen(w, seconds))

    def clocked(self, message: Message) -> tuple[Message, float, float]:
        """Ask one request and time it: the reply, and the seconds of its two halves.

        The inputs are delivered first, then the word to go is given: the second half is the work
        and the way back, without the inputs' way there, which would drown it. A worker that began
        early shows in the first half.
        """
        self.open()
        pool, seconds, frame = self.pool, self._patience(), pack(message | {"ask": "stage"})
        self.idle = False
        begun = time.perf_counter()
        self._guarded(lambda w: pool.send(w, frame, seconds))
        self._guarded(lambda w: pool.catch(w, seconds))
        ready = time.perf_counter()
        self._guarded(lambda w: pool.send(w, GO, seconds))
        reply = self._guarded(lambda w: pool.catch(w, seconds))
        done = time.perf_counter()
        try:
            return unpack(*reply), ready - begun, done - ready
        except WireError as error:
            raise Fault(Verdict.RUNTIME_ERROR, str(error)) from None

    def processor_seconds(self) -> float | None:
        """CPU time that this check's worker has taken so far, where the system tells it."""
        pid = None if self.worker is None else self.worker.pid
        if pid is None or sys.platform != "linux":
            return None
        try:
            return time.clock_gettime((~pid << 3) | CPU_CLOCK)
        except OSError:
            return None

    def _patience(self) -> float:
        pool = self.pool
        return pool.patience[min(pool.hangs, len(pool.patience) - 1)]

    def _guarded(self, step: Callable[[Worker], T]) -> T:
        """A worker that failed once is not asked again."""
        assert self.worker is not None
        try:
            return step(self.worker)
        except Fault:
            self.sound = False
            raise

    def close(self) -> None:
        """Hand the worker back."""
        if self.worker is not None:
            self.pool.put_back(self.worker, sound=self.sound, idle=self.idle)
            self.worker = None


def _account(reply: Message) -> Message:
    """A worker's account of loading, believed only as far as it has the right form."""
    with disbelieving():
        if reply.get("error"):
            raise _load_fault(reply["error"])
        return {
            "name": str(reply["name"]),
            "notes": [str(note) for note in reply["notes"]],
            "absent": [str(name) for name in reply.get("absent") or ()],
            "lacks": [str(name) for name in reply.get("lacks") or ()],
            "confinement": str(reply["confinement"]),
        }


def _load_fault(error: Message) -> Fault:
    fault = fault_of(error)
    if error["stage"] == "entry":
        return Fault(Verdict.INVALID_SUBMISSION, str(error["message"]))
    if fault.verdict is Verdict.RUNTIME_ERROR:
        known = fault.evidence.undefined and "NameError" not in fault.message
        message = fault.message if known else f"cannot be imported: {fault.message}"
        return Fault(Verdict.INVALID_SUBMISSION, message, fault.evidence)
    return fault


def load_message(kata: Kata, text: str) -> Message:
    """What a worker needs to load a submission."""
    return {"source": text, "banned": list(kata.banned), "entry": asdict(kata.entry)}
