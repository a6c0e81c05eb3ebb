"""One check's dealings with its worker: open it, ask it, clock it, hand it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

from grader.exchange import fault_of
from grader.kata import Kata
from grader.pool import Worker
from grader.verdict import Fault, Verdict
from grader.wire import Message, WireError, pack, unpack
from grader.workshop import Workshop

T = TypeVar("T")
LOAD_PATIENCE = 2.0
"""Times the patience for a request: executing a submission's source may import something."""
GO = pack({"ask": "go"})


@dataclass
class Desk:
    """One check's worker: taken when first needed, put back or thrown away afterwards."""

    workshop: Workshop
    worker: Worker | None = None
    sound: bool = True
    idle: bool = True
    """Whether the worker has done nothing yet but load."""

    def open(self) -> Message:
        """The worker's account of loading the submission; raises Fault where that failed."""
        shop = self.workshop
        if self.worker is None:
            if shop.hangs >= len(shop.patience):
                raise Fault(Verdict.TIME_LIMIT, "not tried: requests before this one hung")
            self.worker = shop.take()
        if self.worker.loaded is None:
            shop.server.await_start(self.worker)
            seconds = max(LOAD_PATIENCE * self._patience(), shop.server.start_seconds)
            self.worker.loaded = self._guarded(lambda w: shop.listen(w, seconds))
        return _account(self.worker.loaded)

    def run(self, message: Message) -> Message:
        """Ask one request of this check's worker."""
        self.open()
        shop, seconds = self.workshop, self._patience()
        self._guarded(lambda w: shop.send(w, pack(message), seconds))
        self.idle = False
        shop.prepare()
        return self._guarded(lambda w: shop.listen(w, seconds))

    def clocked(self, message: Message) -> tuple[Message, float, float]:
        """Ask one request and time it: the reply, and the seconds of its two halves.

        The inputs are delivered first, then the word to go is given: the second half is the work
        and the way back, without the inputs' way there, which would drown it. A worker that began
        early shows in the first half.
        """
        self.open()
        shop, seconds, frame = self.workshop, self._patience(), pack(message | {"ask": "stage"})
        self.idle = False
        begun = time.perf_counter()
        self._guarded(lambda w: shop.send(w, frame, seconds))
        self._guarded(lambda w: shop.catch(w, seconds))
        ready = time.perf_counter()
        self._guarded(lambda w: shop.send(w, GO, seconds))
        reply = self._guarded(lambda w: shop.catch(w, seconds))
        done = time.perf_counter()
        try:
            return unpack(*reply), ready - begun, done - ready
        except WireError as error:
            raise Fault(Verdict.RUNTIME_ERROR, str(error)) from None

    def _patience(self) -> float:
        shop = self.workshop
        return shop.patience[min(shop.hangs, len(shop.patience) - 1)]

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
            self.workshop.put_back(self.worker, sound=self.sound, idle=self.idle)
            self.worker = None


def _account(reply: Message) -> Message:
    """A worker's account of loading, believed only as far as it has the right form."""
    error = reply.get("error")
    try:
        if error:
            raise _load_fault(error)
        return {
            "name": str(reply["name"]),
            "notes": [str(note) for note in reply["notes"]],
            "confinement": str(reply["confinement"]),
        }
    except Fault:
        raise
    except Exception:
        raise Fault(Verdict.RUNTIME_ERROR, "the answer is malformed: is it forged?") from None


def _load_fault(error: Message) -> Fault:
    fault = fault_of(error)
    if error["stage"] == "entry":
        return Fault(Verdict.INVALID_SUBMISSION, str(error["message"]))
    missing = error.get("missing")
    if missing and error["type"] == "ModuleNotFoundError":
        message = f"imports `{missing}`, which is not installed here: torch is all a kata needs"
        return Fault(Verdict.INVALID_SUBMISSION, message, fault.evidence)
    if fault.verdict is Verdict.RUNTIME_ERROR:
        message = f"cannot be imported: {fault.message}"
        return Fault(Verdict.INVALID_SUBMISSION, message, fault.evidence)
    return fault


def load_message(kata: Kata, text: str) -> Message:
    """What a worker needs to load a submission."""
    entry = kata.entry
    return {
        "source": text,
        "banned": list(kata.banned),
        "entry": {
            "name": entry.name,
            "kind": entry.kind,
            "construct": [asdict(p) for p in entry.construct],
            "call": [asdict(p) for p in entry.call],
        },
    }
