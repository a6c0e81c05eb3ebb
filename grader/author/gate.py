"""The author's gate: is this kata fit to be practised on?

Stub refused, solution and right alternatives accepted with three stars, every known mistake and
every two of them together refused, each single one by the check it names, documents complete, no
stray file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.author.mutation import Choose, Outcome, run_gauntlet
from grader.judge.bank_run import Selection
from grader.judge.session import Session, fresh_seed
from grader.judge.source import Source, parse
from grader.kata.hints import rungs as rungs_of
from grader.kata.kata import Kata, KataError
from grader.kata.mutants import Mutant, pairs, singles
from grader.kata.pitfalls import load_conventions, load_pitfalls
from grader.kata.written import WORDS
from grader.report.verdict import Fault, Report, Tier, Verdict

DOCUMENTS = (
    "kata.toml",
    "README.md",
    "stub.py",
    "pitfalls.toml",
    "mistakes.toml",
    "hints.md",
    "questions.toml",
)
TRANSLATED = "mistakes.*.toml"
LEVELS = ("junior", "mid", "senior")
FEWEST_PITFALLS = 12
RUNGS, RUNG_WORDS = 3, 160
QUESTIONS = 6

Say = Callable[[str], None]


@dataclass
class Verification:
    """What was found out about one kata."""

    kata: str
    problems: list[str] = field(default_factory=list)
    checks: int = 0
    pitfalls: int = 0
    edits: int = 0
    edits_caught: int = 0
    unplaced: int = 0
    """Edits taken over from other katas that have no place in this solution."""
    conventions: int = 0
    pairs: int = 0
    pairs_refused: int = 0

    @property
    def fit(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    kata: Kata, session: Session, say: Say = lambda _: None, seed: int | None = None
) -> Verification:
    """Run the whole gate on one kata."""
    outcome = Verification(kata.slug)
    outcome.problems += documents(kata)
    if outcome.problems:
        return outcome
    gate = Gate(kata, session, outcome, seed)
    say("stub and solution")
    gate.stub()
    gate.solution()
    gate.conventions()
    say("each mistake alone")
    gate.singles()
    say("every two mistakes together")
    gate.pairs()
    return outcome


# --- documents --------------------------------------------------------------------------------


def documents(kata: Kata) -> list[str]:
    """What is missing, malformed or does not belong, as sentences."""
    return [f"{kata.slug}: {problem}" for problem in _document_problems(kata)]


def _document_problems(kata: Kata) -> Iterator[str]:
    present = {p.name for p in kata.folder.iterdir() if p.name != "__pycache__"}
    banks = {bank.name for bank in kata.banks}
    for name in DOCUMENTS:
        if name not in present:
            yield f"{name} is missing"
    if not banks:
        yield "no bank: write test_*.py"
    translated = {p.name for p in kata.folder.glob(TRANSLATED)}
    for name in sorted(present - set(DOCUMENTS) - banks - translated):
        yield f"{name} does not belong in a kata's folder"
    if not kata.solution.is_file():
        yield f"{kata.solution.name} is missing from the solutions"
    if present >= set(DOCUMENTS):
        yield from _hints(kata)
        yield from _questions(kata)
        try:
            yield from _pitfalls(kata)
            yield from _words(kata)
        except KataError as error:
            yield str(error)


def _hints(kata: Kata) -> Iterator[str]:
    rungs = rungs_of(kata)
    if len(rungs) != RUNGS:
        yield f"hints.md has {len(rungs)} rungs under `## ` headings, expected {RUNGS}"
    for number, rung in enumerate(rungs, 1):
        if len(rung.split()) > RUNG_WORDS:
            yield f"hint {number} has {len(rung.split())} words, at most {RUNG_WORDS}"


def _questions(kata: Kata) -> Iterator[str]:
    questions: list[dict[str, Any]] = kata.table("questions.toml").get("question", [])
    if len(questions) < QUESTIONS:
        yield f"questions.toml has {len(questions)} questions, at least {QUESTIONS}"
    for number, question in enumerate(questions, 1):
        missing = {"level", "ask", "answer", "look_for"} - set(question)
        if missing:
            yield f"question {number} lacks {', '.join(sorted(missing))}"
        elif question["level"] not in LEVELS:
            yield f"question {number}: no level {question['level']!r}"


def _pitfalls(kata: Kata) -> Iterator[str]:
    pitfalls = load_pitfalls(kata)
    ids = [p.id for p in pitfalls]
    refused = [p for p in pitfalls if not p.remark]
    if len(refused) < FEWEST_PITFALLS:
        yield f"{len(refused)} pitfalls, at least {FEWEST_PITFALLS}"
    checks = {*kata.announced, "submission"}
    for pitfall in pitfalls:
        if pitfall.check not in checks:
            yield f"pitfall {pitfall.id} names no check of the bank: {pitfall.check}"
        for other in set(pitfall.excludes) - set(ids):
            yield f"pitfall {pitfall.id} excludes {other}, which does not exist"


def _words(kata: Kata) -> Iterator[str]:
    """What has to be said about each, and what is said of nothing that is there."""
    conventions = load_conventions(kata)
    pitfalls = load_pitfalls(kata)
    for pitfall in pitfalls:
        for word in WORDS:
            if not getattr(pitfall, word):
                yield f"pitfall {pitfall.id} has no {word}: write it in mistakes.toml"
    for convention in conventions:
        if not convention.title:
            yield f"convention {convention.id} has no title: write it in mistakes.toml"
    spoken = set(kata.table("mistakes.toml"))
    for name in sorted(spoken - {p.id for p in pitfalls} - {c.id for c in conventions}):
        yield f"mistakes.toml speaks of {name}, which is not in pitfalls.toml"


# --- grading ----------------------------------------------------------------------------------


@dataclass
class Gate:
    """The parts of the gate that grade something."""

    kata: Kata
    session: Session
    outcome: Verification
    seed: int | None = None

    def _grade(self, text: str, selection: Selection | None = None) -> Report:
        source = Source(Path(f"{self.kata.slug}.py"), text, "")
        return self.session.grade(self.kata, source, self.seed, selection=selection, diagnose=False)

    def _problem(self, text: str) -> None:
        self.outcome.problems.append(f"{self.kata.slug}: {text}")

    def stub(self) -> None:
        """The stub is recognised as untouched, and would not pass if it were not."""
        text = self.kata.text("stub.py")
        try:
            parse(Path("stub.py"), text.encode(), text)
            self._problem("the stub is not recognised as untouched")
        except Fault as fault:
            if fault.verdict is not Verdict.INVALID_SUBMISSION:
                self._problem(f"the stub is {fault.verdict}")
        if self._grade(text).verdict is Verdict.ACCEPTED:
            self._problem("the stub is accepted")

    def solution(self) -> None:
        """The solution is accepted with three stars."""
        report = self._grade(self.kata.solution.read_text(encoding="utf-8"))
        self.outcome.checks = len(report.checks)
        for check in report.checks:
            if not check.passed:
                self._problem(f"the solution fails {check.id}: {check.message}")
        if report.stars != 3:
            self._problem(f"the solution has {report.stars} stars (seed {report.seed})")

    def conventions(self) -> None:
        """Each right alternative is accepted with three stars, and recognised by its answers."""
        text = self.kata.solution.read_text(encoding="utf-8")
        found = load_conventions(self.kata)
        self.outcome.conventions = len(found)
        for convention in found:
            report = self._grade(convention.edit.apply(text) or "")
            for check in report.checks:
                if not check.passed:
                    self._problem(f"convention {convention.id} fails {check.id}: {check.message}")
            seed = f"(seed {report.seed})"
            if report.stars != 3:
                self._problem(f"convention {convention.id} has {report.stars} stars {seed}")
            elif convention.title not in report.submission.notes:
                self._problem(f"convention {convention.id} is not told by its answers {seed}")

    def singles(self) -> None:
        """Each edit is caught by the check its pitfall names; a remark costs stars alone."""
        pitfalls = load_pitfalls(self.kata)
        self.outcome.pitfalls = sum(not p.remark for p in pitfalls)
        self.outcome.unplaced = sum(len(p.unplaced) for p in pitfalls)
        text = self.kata.solution.read_text(encoding="utf-8")
        mutants = [m for m in singles(pitfalls, text) if self._parses(m)]
        self.outcome.edits = sum(len(p.edits) for p in pitfalls)
        slow = [m for m in mutants if m.pitfalls[0].grows]
        for outcome in self._run([m for m in mutants if m not in slow], _own_check):
            self._judge(outcome.mutant, {c.id: c.tier for c in outcome.failed})
        for mutant in slow:
            report = self._grade(mutant.text, Selection(only=(mutant.pitfalls[0].check,)))
            self._judge(mutant, {c.id: c.tier for c in report.checks if not c.passed})

    def _run(self, mutants: list[Mutant], choose: Choose, **options: bool) -> list[Outcome]:
        seed = fresh_seed() if self.seed is None else self.seed
        return run_gauntlet(self.kata, mutants, seed, choose, **options)

    def _parses(self, mutant: Mutant) -> bool:
        try:
            compile(mutant.text, mutant.name, "exec")
        except SyntaxError as error:
            self._problem(f"an edit of {mutant.name} does not parse: {error}")
            return False
        return True

    def _judge(self, mutant: Mutant, failed: dict[str, Tier]) -> None:
        """A pitfall is refused, a remark is not; each is caught by its own check."""
        pitfall = mutant.pitfalls[0]
        refused = Tier.REQUIRED in failed.values()
        if pitfall.check not in failed:
            self._problem(f"{pitfall.id} is not caught by {pitfall.check}: {mutant.edits[0].wrong}")
        elif refused and pitfall.remark:
            self._problem(f"remark {pitfall.id} is refused: make it a pitfall")
        elif not refused and not pitfall.remark:
            self._problem(f"{pitfall.id} is caught by a stretch check: make it a remark")
        else:
            self.outcome.edits_caught += 1

    def pairs(self) -> None:
        """Every two compatible mistakes together are refused."""
        pitfalls = [p for p in load_pitfalls(self.kata) if not p.remark]
        text = self.kata.solution.read_text(encoding="utf-8")
        mutants = list(pairs(pitfalls, text))
        slow = [m for m in mutants if all(p.grows for p in m.pitfalls)]
        others = [m for m in mutants if m not in slow]
        outcomes = self._run(others, lambda *_: True, until_refused=True)
        through = [o.mutant.name for o in outcomes if not o.refused]
        through += [m.name for m in slow if self._accepts(m)]
        self.outcome.pairs = len(mutants)
        self.outcome.pairs_refused = len(mutants) - len(through)
        for name in through:
            self._problem(f"{name} together are accepted")

    def _accepts(self, mutant: Mutant) -> bool:
        """Whether slow code gets past the clock, which needs real workers."""
        report = self._grade(mutant.text, Selection(only=(mutant.pitfalls[0].check,)))
        return report.verdict is Verdict.ACCEPTED


def _own_check(mutant: Mutant, check: str) -> bool:
    """A pitfall meets the check it names; a remark meets them all, and may fail no other tier."""
    return mutant.pitfalls[0].remark or check == mutant.pitfalls[0].check
