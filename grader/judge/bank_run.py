"""Run a kata's bank: a file whose checks are functions that ask by name for what they need.

A bank is executed as the module that it is, and nothing else has a say: no plugin, no folder, no
environment. What was run is compared with what the bank's text announces; a check that is missing
is our own fault and never a pass.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.bank.candidate import Candidate
from grader.bank.claims import label_of
from grader.bank.draw import Draw
from grader.kata.kata import Kata
from grader.report.verdict import Check, Evidence, Fault, Tier, Verdict

STUCK_SECONDS = 300.0
"""Seconds one check may take before the judge itself is taken to be stuck."""


@dataclass(frozen=True)
class Selection:
    """Which checks to run, for authors and tests: a candidate always meets them all."""

    only: Sequence[str] | None = None
    without: Sequence[str] = ()
    """Families left out."""
    stop_early: bool = False


@dataclass(frozen=True)
class Item:
    """One check of a bank, ready to be run."""

    name: str
    family: str
    tier: Tier
    title: str
    asks: tuple[str, ...]
    """What it is to be given, by name."""
    body: Callable[..., None]


class NothingOfThatName(Exception):
    """A check asks for something that no judge has; the message says what there is."""


@dataclass
class Judge:
    """What the checks of a bank are given, and what came of them."""

    kata: Kata
    candidate_for: Callable[[str], tuple[Candidate, Callable[[], None]]]
    seed: int
    racer: Any = None
    scales: Any = None
    on_check: Callable[[Check], None] | None = None
    selection: Selection = Selection()
    checks: list[Check] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)

    def items(self) -> list[Item]:
        """The bank's checks, as far as they are selected, in the order they are written."""
        only, without = self.selection.only, self.selection.without
        return [
            item
            for item in collect(self.kata)
            if (only is None or item.name in only) and item.family not in without
        ]

    def run(self, item: Item) -> Check:
        """Run one check, and keep what came of it."""
        error: Exception | None = None
        begun = time.perf_counter()
        try:
            with ExitStack() as given, _limited(STUCK_SECONDS):
                item.body(**{n: given.enter_context(self._offer(n, item)) for n in item.asks})
        except Exception as raised:
            error = raised
        self._record(item, error, time.perf_counter() - begun)
        return self.checks[-1]

    def _offer(self, name: str, item: Item) -> AbstractContextManager[Any]:
        if name not in OFFERS:
            raise NothingOfThatName(f"asks for `{name}`, and there is {', '.join(OFFERS)}")
        return OFFERS[name](self, item)

    # --- what a check may ask for ---------------------------------------------------------------

    @contextlib.contextmanager
    def _draw(self, item: Item) -> Iterator[Draw]:
        """Random inputs of this check."""
        yield Draw(self.seed, item.name)

    @contextlib.contextmanager
    def _candidate(self, item: Item) -> Iterator[Candidate]:
        """The submission, in a worker of this check's own."""
        candidate, done = self.candidate_for(item.name)
        self.candidates[item.name] = candidate
        try:
            yield candidate
        finally:
            done()

    @contextlib.contextmanager
    def _race(self, _: Item) -> Iterator[Any]:
        """The submission against the reference, by the worker's own clock."""
        try:
            yield self.racer
        finally:
            self.racer.close()

    @contextlib.contextmanager
    def _memory(self, _: Item) -> Iterator[Any]:
        """The submission's memory beside the reference's."""
        try:
            yield self.scales
        finally:
            self.scales.close()

    # --- what came of it ------------------------------------------------------------------------

    def _record(self, item: Item, error: Exception | None, seconds: float) -> None:
        verdict, message, evidence = _outcome(error, self.kata)
        candidate = self.candidates.get(item.name)
        wanting = candidate is not None and candidate.wanting
        if wanting and verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR):
            verdict, message, evidence = Verdict.WRONG_ANSWER, str(wanting), Evidence(formal=True)
        check = Check(
            item.name, item.title, item.family, item.tier, verdict, message, seconds, evidence
        )
        self.checks.append(check)
        if self.on_check is not None:
            self.on_check(check)


OFFERS: Mapping[str, Callable[[Judge, Item], AbstractContextManager[Any]]] = {
    "draw": Judge._draw,
    "candidate": Judge._candidate,
    "race": Judge._race,
    "memory": Judge._memory,
}
"""What a check may ask for, by the name of its parameter."""


def collect(kata: Kata) -> list[Item]:
    """The checks of a kata's bank; raises RuntimeError where it cannot be run."""
    return [
        _item(name, value)
        for bank in kata.banks
        for name, value in vars(_executed(bank)).items()
        if name.startswith("test_") and callable(value)
    ]


def _executed(bank: Path) -> ModuleType:
    spec = spec_from_file_location(bank.stem, bank)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        where = _lines(error, {str(bank): bank.name})
        raise RuntimeError(f"{type(error).__name__}: {error}{where}") from error
    return module


def _item(name: str, body: Callable[..., None]) -> Item:
    label = label_of(body)
    if label is None:
        raise RuntimeError(f"{name} does not say which family it belongs to: use @check")
    title = (body.__doc__ or name).strip().splitlines()[0]
    asks = tuple(inspect.signature(body).parameters)
    return Item(name, label.family, label.tier, title, asks, body)


def run_bank(judge: Judge) -> list[Check]:
    """Run the bank; raises RuntimeError when what was reported is not what was announced."""
    items = judge.items()
    stops = judge.selection.stop_early
    with quietly():
        for item in items:
            check = judge.run(item)
            if stops and item.tier is Tier.REQUIRED and not check.passed:
                return judge.checks
    reported = {check.id for check in judge.checks}
    missing = sorted({item.name for item in items} - reported)
    if missing:
        raise RuntimeError(f"checks that never reported: {missing}")
    written = set(judge.kata.announced) if judge.selection == Selection() else reported
    if written != reported or not reported:
        raise RuntimeError(f"checks that were never collected: {sorted(written - reported)}")
    return judge.checks


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keeps what a bank prints off the judge's own streams."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        yield


def _outcome(error: Exception | None, kata: Kata) -> tuple[Verdict, str, Evidence]:
    if error is None:
        return Verdict.ACCEPTED, "", Evidence()
    if isinstance(error, Fault):
        return error.verdict, error.message, error.evidence
    if isinstance(error, AssertionError) and str(error):
        return Verdict.WRONG_ANSWER, str(error).splitlines()[0], Evidence()
    said = f"{type(error).__name__}: {error}" if type(error) is not NothingOfThatName else error
    own = {str(bank): bank.name for bank in kata.banks}
    return Verdict.INTERNAL_ERROR, f"{said}{_lines(error, own)}", Evidence()


def _lines(error: Exception, own: Mapping[str, str]) -> str:
    """The last line of the bank on the way to an error that is the bank's own."""
    lines = [(own[f.filename], f.lineno) for f in traceback.extract_tb(error.__traceback__)
             if f.filename in own]  # fmt: skip
    return f" ({lines[-1][0]}, line {lines[-1][1]})" if lines else ""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Ends what takes longer by a TimeoutError, where a thread can be told so."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"the check took longer than {seconds:g} s")

    begun = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # somebody else's: what remains of it
            spent = time.monotonic() - begun
            signal.setitimer(signal.ITIMER_REAL, max(left - spent, 0.001))
