"""Run a kata's bank: a file whose checks are functions that ask by name for what they need.

A bank is executed as the module that it is, and nothing else has a say: no plugin, no folder, no
environment. What was run is compared with what the bank's text announces; a check that is missing
is our own fault and never a pass.

The checks of one family are put to one worker, one after the other, so what a check meets depends
on the submission alone. A check waits for its worker half of the time, so two families may be under
way at once; they share nothing. What is clocked runs alone, after the others.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import io
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from grader.bank.candidate import Candidate
from grader.bank.claims import label_of
from grader.bank.draw import Draw
from grader.kata.kata import Kata, KataError
from grader.report.verdict import FAMILIES, Check, Evidence, Fault, Tier, Verdict

STUCK_SECONDS = 300.0
"""Seconds one check may take before the judge itself is taken to be stuck."""


OF_SIZES = {"RuntimeError", "ValueError", "IndexError", "AssertionError"}
"""Exceptions that one call may end in and another not."""


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

    @property
    def clocked(self) -> bool:
        """Whether it measures time, so that nothing of ours may run beside it."""
        return "race" in self.asks


CandidateFor = Callable[[str], Candidate]
"""Gives a check its candidate, by the check's name."""


class NothingOfThatName(Exception):
    """A check asks for something that no judge has; the message says what there is."""


@dataclass
class Judge:
    """What the checks of a bank are given, and what came of them."""

    kata: Kata
    one_worker: Callable[[], AbstractContextManager[CandidateFor]]
    """Where the candidates of one family come from; a worker that fails is followed by another."""
    seed: int
    racer: Any = None
    scales: Any = None
    on_check: Callable[[Check], None] | None = None
    selection: Selection = Selection()
    abreast: int = 1
    """Families that may be under way at once."""
    crash: Fault | None = None
    """What the plainest call ended in, if it did not answer."""
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

    def run(self, item: Item, candidate_for: CandidateFor) -> Check:
        """Run one check; returns what came of it."""
        error: Exception | None = None
        begun = time.perf_counter()
        try:
            with ExitStack() as given, _limited(STUCK_SECONDS):
                offers = [
                    given.enter_context(self._offer(n, item, candidate_for)) for n in item.asks
                ]
                item.body(*offers)
        except Exception as raised:
            error = raised
        return self._outcome(item, error, time.perf_counter() - begun)

    def keep(self, check: Check) -> None:
        """Note what came of a check, and tell whoever follows."""
        self.checks.append(check)
        if self.on_check is not None:
            self.on_check(check)

    def _offer(
        self, name: str, item: Item, candidate_for: CandidateFor
    ) -> AbstractContextManager[Any]:
        """What a check asks for by this name."""
        if name == "draw":
            return contextlib.nullcontext(Draw(self.seed, item.name))
        if name == "candidate":
            candidate = self.candidates[item.name] = candidate_for(item.name)
            return contextlib.nullcontext(candidate)
        if name in ("race", "memory"):
            measuring = self.racer if name == "race" else self.scales
            return contextlib.closing(measuring)
        raise NothingOfThatName(f"asks for `{name}`, and there is {', '.join(OFFERS)}")

    # --- what came of it ------------------------------------------------------------------------

    def _outcome(self, item: Item, error: Exception | None, seconds: float) -> Check:
        verdict, message, evidence = _outcome(error, self.kata)
        candidate = self.candidates.get(item.name)
        wanting = candidate is not None and candidate.wanting
        if wanting and verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR):
            verdict, message, evidence = Verdict.WRONG_ANSWER, str(wanting), Evidence(formal=True)
        return Check(
            item.name, item.title, item.family, item.tier, verdict, message, seconds, evidence
        )


OFFERS = ("draw", "candidate", "race", "memory")
"""What a check may ask for, by the name of its parameter: random inputs of its own, the submission,
the submission against the reference by the worker's own clock, and its memory beside theirs."""


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
        for item, check in _in_order(judge, items):
            judge.keep(check)
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


def _in_order(judge: Judge, items: Sequence[Item]) -> Iterator[tuple[Item, Check]]:
    """Each item with what came of it, in the order they are written; whoever stops asking for the
    next one stops those that were not begun.
    """
    if judge.selection.stop_early:
        with judge.one_worker() as candidate_for:
            for item in items:
                yield item, judge.run(item, candidate_for)
        return
    came = {item.name: Future[Check]() for item in items}
    families: dict[str, list[Item]] = {}
    for item in items:
        if not item.clocked:
            families.setdefault(item.family, []).append(item)
    if judge.crash is not None and len(families) > 1:
        first = families.pop(min(families, key=FAMILIES.index))
        _family(judge, judge.one_worker(), first, came)
        if all(_ends_alike(came[item.name].result(), judge.crash) for item in first):
            rest = (item for item in items if item not in first)
            yield from ((item, came[item.name].result()) for item in first)
            yield from ((item, _skipped(item, judge.crash)) for item in rest)
            return
    # The number of threads holds for the thread that says it.
    pool = ThreadPoolExecutor(judge.abreast, initializer=partial(torch.set_num_threads, 1))
    try:
        begun = [
            pool.submit(_family, judge, judge.one_worker(), family, came)
            for family in families.values()
        ]
        for item in items:
            if item.clocked:
                wait(begun)
                _family(judge, judge.one_worker(), [item], came)
            yield item, came[item.name].result()
    finally:
        pool.shutdown(cancel_futures=True)


def _ends_alike(check: Check, crash: Fault) -> bool:
    """Whether a check ended in the same exception, from the same line of the submission.

    Not so where sizes may have to do with it: in which call they do tells one mistake from another.
    """
    kinds = {said.partition(":")[0] for said in (check.message, crash.message)}
    lines = {seen.frames[-1:] for seen in (check.evidence, crash.evidence)}
    certain = check.verdict is crash.verdict is Verdict.RUNTIME_ERROR and not kinds & OF_SIZES
    return certain and len(kinds) == len(lines) == 1 and () not in lines


def _skipped(item: Item, crash: Fault) -> Check:
    """What comes of a check that would end as every one before it did."""
    said = "not run: every call ends in this error"
    evidence = Evidence(skipped=True)
    return Check(
        item.name, item.title, item.family, item.tier, crash.verdict, said, evidence=evidence
    )


def _family(
    judge: Judge,
    one_worker: AbstractContextManager[CandidateFor],
    items: Sequence[Item],
    came: Mapping[str, Future[Check]],
) -> None:
    """Run checks one after the other, with one worker for all of them."""
    with one_worker as candidate_for:
        for item in items:
            came[item.name].set_result(judge.run(item, candidate_for))


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
    plain = isinstance(error, NothingOfThatName | Stuck | KataError)
    said = str(error) if plain else f"{type(error).__name__}: {error}"
    own = {str(bank): bank.name for bank in kata.banks}
    return Verdict.INTERNAL_ERROR, f"{said}{_lines(error, own)}", Evidence()


def _lines(error: Exception, own: Mapping[str, str]) -> str:
    """The last line of the bank on the way to an error that is the bank's own."""
    lines = [(own[f.filename], f.lineno) for f in traceback.extract_tb(error.__traceback__)
             if f.filename in own]  # fmt: skip
    return f" ({lines[-1][0]}, line {lines[-1][1]})" if lines else ""


class Stuck(TimeoutError):
    """A check took longer than any can; raised where it is at that time."""

    def __str__(self) -> str:
        return f"the check took longer than {STUCK_SECONDS:g} s"


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Ends what takes longer by raising Stuck in this thread, whichever it is."""
    thread = ctypes.c_ulong(threading.get_ident())
    raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
    bell = threading.Timer(seconds, raising, (thread, ctypes.py_object(Stuck)))
    bell.daemon = True
    bell.start()
    try:
        yield
    finally:
        bell.cancel()
