"""Run a kata's bank with pytest, in this process, and collect its checks from hooks.

pytest runs as clean as it can be launched: no conftest, ini file, plugin or environment of the
folder it is called from has a say. What it reports is compared with what the bank's text announces;
a check that is missing is our own fault and never a pass.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from grader.bank.candidate import Candidate
from grader.bank.draw import Draw
from grader.kata.kata import Kata
from grader.report.verdict import Check, Evidence, Fault, Tier, Verdict

STUCK_SECONDS = 300
"""Seconds one check may take before the judge itself is taken to be stuck."""

UNWANTED = (
    "cacheprovider terminal logging doctest unittest junitxml pastebin debugging faulthandler "
    "setuponly setupplan stepwise tmpdir monkeypatch recwarn legacypath warnings threadexception "
    "unraisableexception"
).split()


@dataclass(frozen=True)
class Selection:
    """Which checks to run, for authors and tests: a candidate always meets them all."""

    only: Sequence[str] | None = None
    without: Sequence[str] = ()
    """Families left out."""
    stop_early: bool = False


@dataclass
class Judge:
    """A pytest plugin: fixtures for the bank, and the checks as they come out."""

    kata: Kata
    candidate_for: Callable[[str], tuple[Candidate, Callable[[], None]]]
    seed: int
    racer: Any = None
    scales: Any = None
    on_check: Callable[[Check], None] | None = None
    selection: Selection = Selection()
    checks: list[Check] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    problem: str = ""
    stopped: bool = False
    """Whether the first refusal ended the run, as the selection asks."""

    # --- what a bank may ask for --------------------------------------------------------------

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> Draw:
        """Random inputs of this check."""
        return Draw(self.seed, request.node.name)

    @pytest.fixture
    def candidate(self, request: pytest.FixtureRequest) -> Iterator[Candidate]:
        """The submission, in a worker of this check's own."""
        candidate, done = self.candidate_for(request.node.name)
        self.candidates[request.node.name] = candidate
        yield candidate
        done()

    @pytest.fixture
    def race(self) -> Iterator[Any]:
        """The submission against the reference, by the judge's clock."""
        yield self.racer
        self.racer.close()

    @pytest.fixture
    def memory(self) -> Iterator[Any]:
        """The submission's memory beside the reference's."""
        yield self.scales
        self.scales.close()

    # --- hooks --------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        """Announce the bank's one marker."""
        config.addinivalue_line("markers", "check(family, tier): one check of a bank")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the selected checks, in the order they are written."""
        chosen = [item for item in items if self._wanted(item)]
        self.announced = [item.name for item in chosen]
        items[:] = chosen

    def _wanted(self, item: pytest.Item) -> bool:
        family, _ = _labels(item)
        only = self.selection.only
        return (only is None or item.name in only) and family not in self.selection.without

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Turn the outcome of a test's call, or of a setup that failed, into a check.

        pytest's own report would render a traceback, at 70 ms each, for nobody to read.
        """
        error = call.excinfo.value if call.excinfo is not None else None
        if call.when == "call" or (call.when == "setup" and error is not None):
            self._record(item, error, call.duration)
        elif error is not None:
            self.problem = f"{item.name}: {error!r}"
        when: Any = call.when  # pytest types it wider than it is here
        outcome: Literal["passed", "failed"] = "passed" if error is None else "failed"
        return pytest.TestReport(
            item.nodeid, item.location, {}, outcome, None, when, duration=call.duration
        )

    def _record(self, item: pytest.Item, error: BaseException | None, seconds: float) -> None:
        family, tier = _labels(item)
        verdict, message, evidence = _outcome(error, self.kata)
        candidate = self.candidates.get(item.name)
        wanting = candidate is not None and candidate.wanting
        if wanting and verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR):
            verdict, message, evidence = Verdict.WRONG_ANSWER, str(wanting), Evidence()
        title = (getattr(item, "obj", item).__doc__ or item.name).strip().splitlines()[0]
        check = Check(item.name, title, family, tier, verdict, message, seconds, evidence)
        self.checks.append(check)
        if self.on_check is not None:
            self.on_check(check)
        if self.selection.stop_early and not check.passed and tier is Tier.REQUIRED:
            item.session.shouldstop = "refused"
            self.stopped = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A bank that cannot be collected is our own fault."""
        if report.failed:
            self.problem = str(report.longrepr)


def _labels(item: pytest.Item) -> tuple[str, Tier]:
    marker = item.get_closest_marker("check")
    if marker is None:
        raise pytest.UsageError(f"{item.name} does not say which family it belongs to: use @check")
    return marker.args[0], marker.args[1]


def _outcome(error: BaseException | None, kata: Kata) -> tuple[Verdict, str, Evidence]:
    if error is None:
        return Verdict.ACCEPTED, "", Evidence()
    if isinstance(error, Fault):
        return error.verdict, error.message, error.evidence
    if isinstance(error, AssertionError) and str(error):
        return Verdict.WRONG_ANSWER, str(error).splitlines()[0], Evidence()
    return Verdict.INTERNAL_ERROR, f"{_said(error)}{_place(error, kata)}", Evidence()


def _said(error: BaseException) -> str:
    """What went wrong in a bank, for its author."""
    if isinstance(error, pytest.FixtureLookupError):
        known = ", ".join(n for n, v in vars(Judge).items() if "Fixture" in type(v).__name__)
        return f"asks for `{error.argname}`, and there is {known}"
    return f"{type(error).__name__}: {error}"


def _place(error: BaseException, kata: Kata) -> str:
    """The last line of the bank on the way to an error that is the bank's own."""
    own = {str(bank): bank.name for bank in kata.banks}
    lines = [(own[f.filename], f.lineno) for f in traceback.extract_tb(error.__traceback__)
             if f.filename in own]  # fmt: skip
    return f" ({lines[-1][0]}, line {lines[-1][1]})" if lines else ""


def launch_pytest(judge: Judge) -> str:
    """Run pytest on the judge's bank, untouched by the environment; returns what it printed."""
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for bank in judge.kata.banks:  # pytest takes a module of the same name for the same module
        if getattr(sys.modules.get(bank.stem), "__file__", None) != str(bank):
            sys.modules.pop(bank.stem, None)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = pytest.main(_arguments(judge.kata), plugins=[judge])
    if judge.problem:  # a bank that cannot be collected interrupts pytest, too
        for bank in judge.kata.banks:  # and leaves half a module behind
            sys.modules.pop(bank.stem, None)
        raise RuntimeError(judge.problem)
    if status == pytest.ExitCode.INTERRUPTED and not judge.stopped:
        raise KeyboardInterrupt  # pytest keeps it to itself
    return said.getvalue()


def run_bank(judge: Judge) -> list[Check]:
    """Run the bank; raises RuntimeError when what was reported is not what was announced."""
    said = launch_pytest(judge)
    reported = [check.id for check in judge.checks]
    if not judge.stopped and reported != judge.announced:
        missing = sorted(set(judge.announced) - set(reported))
        raise RuntimeError(f"checks that never reported: {missing}; pytest said: {said}")
    if judge.selection == Selection():
        written = set(judge.kata.announced)
        collected = {name.partition("[")[0] for name in judge.announced}
        if written != collected or not written:
            missing = sorted(written - collected)
            raise RuntimeError(f"checks that were never collected: {missing}; pytest said: {said}")
    return judge.checks


def _arguments(kata: Kata) -> list[str]:
    options = ["-c", os.devnull, "--rootdir", str(kata.folder), "--confcutdir", str(kata.folder)]
    options += ["--noconftest", "--import-mode=importlib", "--assert=plain", "-s"]
    for plugin in UNWANTED:
        options += ["-p", f"no:{plugin}"]
    if threading.current_thread() is threading.main_thread():
        options += ["-p", "pytest_timeout", f"--timeout={STUCK_SECONDS}"]
    return [*options, *map(str, kata.banks)]
