"""The talk with workers that hold one submission: open one, ask it, clock it, hand it back.

A `WorkerPool` keeps the next worker ready while one is in use; a `Conversation` is one check's own.
What a worker sends is the candidate's word: a silence, a death or nonsense is the candidate's
fault.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TypeVar

from grader.exchange.answer import disbelieving, fault_of
from grader.judge.workers import Moment, Server, Worker, moment
from grader.kata.kata import Kata
from grader.report.verdict import Evidence, Fault, Verdict
from grader.worker.sandbox import PARTIAL
from grader.worker.wire import (
    KEPT,
    Deadline,
    Drain,
    Message,
    Patience,
    PeerGone,
    WireError,
    pack,
    unpack,
)

PATIENCE = (5.0, 2.0, 1.0)
"""Seconds of its own that a worker may take for a request: less after each one that hung; after
the last, none is tried."""
BACKSTOP = 12.0
"""Times that, by the wall: longer is waited for nobody, however busy the machine is."""


HUNG = Evidence(hung=True)
BIG = 2 * 1024**3
"""Bytes: a worker that grew this far and was killed was killed for it."""


class WorkerPool:
    """Workers with one submission loaded: ask one, get its reply or the candidate's fault."""

    def __init__(
        self,
        server: Server,
        load: Message,
        patience: Sequence[float] = PATIENCE,
        *,
        trusted: bool = False,
    ) -> None:
        """With `trusted` code, or where workers are dear, one serves after another check."""
        self.server = server
        self.reusable = trusted or server.reusable
        self.load = load
        self.patience = patience
        self.spare: Worker | None = None
        self.hangs = 0
        self.heard: list[bytearray] = []
        """What the candidate printed, talk by talk, in the order in which these were begun."""
        self.one = threading.RLock()
        """Held by whoever takes a worker, begins one or hands it back: checks run abreast."""

    def take(self) -> Worker:
        """A worker that is executing, or has executed, the submission's source."""
        with self.one:
            worker, self.spare = self.spare or self._begin(), None
            return worker

    def prepare(self) -> None:
        """Begin the next worker, so that it gets ready while the judge is busy."""
        with self.one:
            if self.spare is None and not self.reusable:
                self.spare = self._begin()

    def _begin(self) -> Worker:
        worker = self.server.spawn()
        with contextlib.suppress(PeerGone, Deadline):
            message = {"ask": "load", **self.load}
            worker.channel.send(message, Patience(time.monotonic() + BACKSTOP * self.patience[0]))
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
            return worker.channel.receive_frame(patience_with(worker, seconds))
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
            worker.channel.send_frame(frame, patience_with(worker, seconds))
        except Deadline:
            self.hangs += 1
            raise Fault(
                Verdict.TIME_LIMIT, f"did not read its input within {seconds:g} s", HUNG
            ) from None
        except PeerGone:
            raise self._death(worker) from None

    @property
    def printed(self) -> bytes:
        """What the candidate printed in all talks, up to a bound."""
        return b"".join(self.heard)[:KEPT]

    def put_back(
        self, worker: Worker, heard: bytearray, *, sound: bool, idle: bool = False
    ) -> None:
        """Done with a worker: a sound one is kept if still idle, or where workers are dear.

        What it printed is added to what was heard.
        """
        with self.one:
            _hear(worker.drain, heard)
            if (self.reusable or idle) and sound and self.spare is None:
                self.spare = worker
            else:
                self.server.retire(worker)

    def close(self) -> None:
        """Retire the spare."""
        if self.spare is not None:
            self.server.retire(self.spare)
            self.spare = None


def _hear(drain: Drain, heard: bytearray) -> None:
    """Take what the candidate printed, up to the bound."""
    while drain.open:
        before = len(drain.text) + drain.dropped
        drain.pull()
        if len(drain.text) + drain.dropped == before:
            break
    heard += drain.text[: max(KEPT - len(heard), 0)]
    drain.text.clear()


def patience_with(worker: Worker, seconds: float) -> Patience:
    """A wait for so many seconds of the worker's own, and for BACKSTOP times that by the wall."""
    begun = moment(worker.pid)

    def more() -> float:
        now = moment(worker.pid)
        return min(seconds - begun.until(now), BACKSTOP * seconds - (now.wall - begun.wall))

    return Patience(time.monotonic() + seconds, more)


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


GO, FETCH = pack({"ask": "go"}), pack({"ask": "fetch"})


@dataclass
class Conversation:
    """A worker and the talk with it: taken when first needed, put back or thrown away afterwards,
    and followed by another where it failed.
    """

    pool: WorkerPool
    worker: Worker | None = None
    sound: bool = True
    idle: bool = True
    """Whether the worker has done nothing yet but load."""
    heard: bytearray = field(default_factory=bytearray)
    """What was printed meanwhile, once workers were put back."""

    def __post_init__(self) -> None:
        self.pool.heard.append(self.heard)

    def open(self) -> Message:
        """The worker's account of loading the submission; raises Fault where that failed."""
        pool = self.pool
        if not self.sound:
            self.close()
        if self.worker is None:
            if pool.hangs >= len(pool.patience):
                raise Fault(Verdict.TIME_LIMIT, "not tried: requests before this one hung", HUNG)
            self.worker, self.sound, self.idle = pool.take(), True, True
        if self.worker.loaded is None:
            pool.server.await_start(self.worker)
            seconds = max(LOAD_PATIENCE * self._patience(), pool.server.start_seconds)
            self.worker.loaded = self._guarded(lambda w: pool.listen(w, seconds))
        return _account(self.worker.loaded)

    def run(self, message: Message) -> Message:
        """Ask one request of this check's worker."""
        self._ask(message)
        self.pool.prepare()
        return self._reply()

    def prepare(self, message: Message) -> Message:
        """Ask for what laps need; no other worker is begun, which would work beside them."""
        self._ask(message)
        return self._reply()

    def _ask(self, message: Message) -> None:
        self.open()
        pool, seconds = self.pool, self._patience()
        self._guarded(lambda w: pool.send(w, pack(message), seconds))
        self.idle = False

    def _reply(self) -> Message:
        pool, seconds = self.pool, self._patience()
        return self._guarded(lambda w: pool.listen(w, seconds))

    def clocked(self, message: Message) -> tuple[Message, float, float]:
        """Put the calls of one request to what was prepared: the reply, and by the worker's own
        clock the seconds of its work and those of the way there and back.

        The inputs are delivered first, then the word to go is given, and what came of it is fetched
        afterwards: the way, which would drown the work, is apart. A worker that begins early or
        ends late shows in it; large messages on a busy machine do not, where it can be told apart.
        """
        self.open()
        pool, seconds, frame = self.pool, self._patience(), pack(message | {"ask": "stage"})
        self.idle = False
        moments, caught = [self.moment()], (b"", b"")
        for word in (frame, GO, FETCH):
            self._guarded(partial(pool.send, frame=word, seconds=seconds))
            caught = self._guarded(partial(pool.catch, seconds=seconds))
            moments.append(self.moment())
        sent, ready, done, fetched = moments
        alone = pool.server.level == PARTIAL  # nobody but itself can do its work meanwhile
        spent = Moment.computing if alone else Moment.until
        way = spent(sent, ready) + spent(done, fetched)
        try:
            return unpack(*caught), ready.until(done), way
        except WireError as error:
            raise Fault(Verdict.RUNTIME_ERROR, str(error)) from None

    def move_to(self, processor: int) -> None:
        """Let this check's worker run on one processor only, where the system lets it be said."""
        pid = None if self.worker is None else self.worker.pid
        if pid is not None and hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(pid, {processor})

    def moment(self) -> Moment:
        """Now, by the clocks of this check's worker."""
        return moment(None if self.worker is None else self.worker.pid)

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
            self.pool.put_back(self.worker, self.heard, sound=self.sound, idle=self.idle)
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
