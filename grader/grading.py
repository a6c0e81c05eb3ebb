"""The grading of one submission: load it, learn its layout, run the bank, diagnose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from grader.candidate import Candidate
from grader.draw import Draw
from grader.exchange import fault_of
from grader.judge import Judge, Selection, run_bank
from grader.kata import Kata
from grader.pool import LOAD_SECONDS, Server, Worker, Workshop
from grader.session import refused
from grader.solution import learn_layout, reference_for
from grader.submission import Source
from grader.verdict import Check, Fault, Report, Submission, Verdict
from grader.weights import Layout, Unmatched
from grader.wire import Message

T = TypeVar("T")
DEADLINES = (5.0, 2.0, 1.0)
"""Seconds a request may take: less after each one that hung, and after three none is tried."""


@dataclass
class Grading:
    """What one grade holds while it runs."""

    kata: Kata
    source: Source
    server: Server
    seed: int
    device: str = "cpu"
    name: str = ""
    notes: list[str] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    level: str = "limits"

    def __post_init__(self) -> None:
        self.workshop = Workshop(self.server, load_message(self.kata, self.source.text))
        self.reference = reference_for(self.kata)

    def run(
        self,
        on_check: Callable[[Check], None] | None = None,
        selection: Selection | None = None,
        *,
        diagnose: bool = True,
    ) -> Report:
        """Everything, in order."""
        try:
            self._enter()
            judge = Judge(self.kata, self._candidate, self.seed, on_check=on_check)
            judge.selection = selection or Selection()
            checks = run_bank(judge)
        except Fault as fault:
            return refused(self.kata, self._submission(), fault, self.seed, self.device)
        finally:
            self.workshop.close()
        return Report(
            kata=self.kata.slug,
            seed=self.seed,
            device=self.device,
            seconds=0.0,
            submission=self._submission(),
            checks=tuple(checks),
            output=self.workshop.printed.decode("utf-8", "replace"),
            confinement=self.level,
        )

    def _submission(self) -> Submission:
        source = self.source
        return Submission(
            str(source.path), source.sha256, self.name, tuple(self.notes), source.text
        )

    def _enter(self) -> None:
        """Load the submission for the first time, and learn where it keeps its weights."""
        desk = Desk(self.workshop)
        try:
            loaded = desk.open()
            self.name, self.level = str(loaded["name"]), str(loaded["confinement"])
            self.notes += [str(note) for note in loaded["notes"]]
            self.layout = learn_layout(self.kata, desk.run)
        except Unmatched as reason:
            raise Fault(Verdict.INVALID_SUBMISSION, str(reason)) from None
        finally:
            desk.close()

    def _candidate(self, check: str) -> tuple[Candidate, Callable[[], None]]:
        """The submission for one check, and how to be done with it."""
        desk = Desk(self.workshop)
        candidate = Candidate(
            self.kata,
            self.layout,
            desk.run,
            Draw(self.seed, f"{check}, weights"),
            self.device,
            self.reference,
        )
        return candidate, desk.close


@dataclass
class Desk:
    """One check's worker: taken when first needed, put back or thrown away afterwards."""

    workshop: Workshop
    worker: Worker | None = None
    sound: bool = True

    def open(self) -> Message:
        """The worker's account of loading the submission; raises Fault where that failed."""
        shop = self.workshop
        if self.worker is None:
            if shop.hangs >= len(DEADLINES):
                raise Fault(Verdict.TIME_LIMIT, "not tried: three requests before this one hung")
            self.worker = shop.take()
        if self.worker.loaded is None:
            self.worker.loaded = self._guarded(lambda w: shop.listen(w, LOAD_SECONDS))
        error = self.worker.loaded.get("error")
        if error:
            raise _load_fault(error)
        return self.worker.loaded

    def run(self, message: Message) -> Message:
        """Ask one request of this check's worker."""
        self.open()
        shop = self.workshop
        seconds = DEADLINES[min(shop.hangs, len(DEADLINES) - 1)]
        self._guarded(lambda w: shop.send(w, message, seconds))
        shop.prepare()
        return self._guarded(lambda w: shop.listen(w, seconds))

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
            self.workshop.put_back(self.worker, sound=self.sound)
            self.worker = None


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
