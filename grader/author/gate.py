"""The author's gate: is this kata fit to be practised on?

Stub refused, solution and right alternatives accepted with three stars, every known mistake and
every two of them together refused, each single one by the check it names, also in other forms than
the solution's. What is wrong with the paperwork is listed beside that, and stops nothing that can
be graded without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from grader.author.documents import documents
from grader.author.experiments import unlike
from grader.author.forms import forms
from grader.author.mutation import Choose, Outcome, among, run_gauntlet
from grader.judge.bank_run import Selection
from grader.judge.session import Session, fresh_seed
from grader.judge.source import Source, parse
from grader.kata.kata import Kata, KataError
from grader.kata.mutants import Edit, Mutant, Pitfall, pairs, singles
from grader.kata.pitfalls import Convention, load_conventions, load_pitfalls
from grader.report.verdict import Check, Fault, Report, Tier, Verdict

ASKED_AGAIN = 4
"""How often a machine too busy to refuse anybody is asked again whether something is slow."""


@dataclass(frozen=True)
class Step:
    """How far the gate is: so many of a stage are done, and `total` there are."""

    kata: str
    stage: str
    done: int
    total: int


Say = Callable[[Step], None]
One = TypeVar("One")


@dataclass
class Verification:
    """What was found out about one kata."""

    kata: str
    seed: int
    """Repeats what was found."""
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
    kata: Kata,
    session: Session,
    say: Say = lambda _: None,
    seed: int | None = None,
    *,
    one_in: int = 1,
) -> Verification:
    """Run the whole gate on one kata: whatever can be graded, and the paperwork beside it.

    one_in: of so many pairs of mistakes one is tried, and of so many checks that a remark has to
    pass; and of each mistake one edit, in one other form. The seed says which.
    """
    outcome = Verification(kata.slug, fresh_seed() if seed is None else seed)
    outcome.problems += documents(kata)
    gate = Gate(kata, session, outcome, say, one_in)
    gate.stub()
    if gate.gradable:
        if gate.solution():
            gate.edits()
        else:
            gate.problem("no mistake was tried: first the solution has to be accepted")
    return outcome


@dataclass
class Stage:
    """A part of the gate, and how far it is."""

    say: Say
    kata: str
    name: str
    total: int
    done: int = 0

    def __post_init__(self) -> None:
        self.say(Step(self.kata, self.name, 0, self.total))

    def step(self, *_: object) -> None:
        """One more is done."""
        self.done += 1
        self.say(Step(self.kata, self.name, self.done, self.total))


@dataclass
class Gate:
    """The parts of the gate that grade something."""

    kata: Kata
    session: Session
    outcome: Verification
    say: Say = lambda _: None
    one_in: int = 1

    @cached_property
    def text(self) -> str:
        """The solution's."""
        return self.kata.solution.read_text(encoding="utf-8")

    @cached_property
    def gradable(self) -> bool:
        """Whether there is a solution, and a bank with checks in it."""
        try:
            return bool(self.text and self.kata.announced)
        except (KataError, OSError, ValueError):
            return False  # the paperwork's own complaint

    def problem(self, text: str) -> None:
        """Something is wrong; said once."""
        told = f"{self.kata.slug}: {text}"
        if told not in self.outcome.problems:
            self.outcome.problems.append(told)

    def _stage(self, name: str, total: int) -> Stage:
        return Stage(self.say, self.kata.slug, name, total)

    def _grade(
        self, text: str, selection: Selection | None = None, stage: Stage | None = None
    ) -> Report | None:
        """The report on a text; None, and a problem, where the bank itself cannot be run."""
        source = Source(Path(f"{self.kata.slug}.py"), text, "")
        step = None if stage is None else stage.step
        try:
            return self.session.grade(
                self.kata, source, self.outcome.seed, step, selection, diagnose=False
            )
        except RuntimeError as error:
            self.problem(f"the bank cannot be run: {_told(str(error))}")
            return None

    # --- stub and solution ----------------------------------------------------------------------

    def stub(self) -> None:
        """The stub is recognised as untouched, and would not pass if it were not."""
        try:
            text = self.kata.text("stub.py")
            parse(Path("stub.py"), text.encode(), text)
            self.problem("stub.py is not recognised as untouched")
        except (OSError, ValueError):
            return  # the paperwork's own complaint
        except Fault as fault:
            if fault.verdict is not Verdict.INVALID_SUBMISSION:
                self.problem(f"stub.py is {fault.verdict} before it is run")
        if not self.gradable:
            return
        self._stage("the stub", 1)
        report = self._grade(text)
        if report is not None and report.verdict is Verdict.ACCEPTED:
            self.problem("stub.py is accepted: raise NotImplementedError where work is left")

    def solution(self) -> bool:
        """The solution is accepted with three stars; whether mistakes can be told from it."""
        report = self._grade(self.text, stage=self._stage("the solution", len(self.kata.announced)))
        if report is None:
            return False
        self.outcome.checks = len(report.checks)
        failed = [check for check in report.checks if not check.passed]
        if report.failure is not None:
            failed.append(report.failure)
        for check in failed:
            own = check.verdict is Verdict.INTERNAL_ERROR
            said = f"{check.id} cannot be run" if own else f"the solution fails {check.id}"
            self.problem(f"{said}: {check.message}{_place(check)}")
        if report.stars != 3 and not failed:
            self.problem(f"the solution has {report.stars} stars")
        return report.verdict is Verdict.ACCEPTED

    # --- the solution, written otherwise ---------------------------------------------------------

    def edits(self) -> None:
        """Right alternatives are accepted, and mistakes refused, alone and with every other."""
        try:
            pitfalls, conventions = load_pitfalls(self.kata), load_conventions(self.kata)
        except KataError:
            return  # the paperwork's own complaint
        self.conventions(conventions)
        for said in unlike(self.kata, pitfalls, self.outcome.seed):
            self.problem(said)
        self.outcome.pitfalls = sum(not p.remark for p in pitfalls)
        self.outcome.unplaced = sum(len(p.unplaced) for p in pitfalls)
        alone = [m for m in self._some(list(singles(pitfalls, self.text))) if self._parses(m)]
        self.outcome.edits = len(alone)
        self.singles(alone)
        self.forms([m for m in alone if not m.pitfalls[0].grows and not m.pitfalls[0].remark])
        self.pairs([p for p in pitfalls if not p.remark])

    def conventions(self, conventions: Sequence[Convention]) -> None:
        """Each right alternative is accepted with three stars, and recognised by its answers."""
        self.outcome.conventions = len(conventions)
        texts = [(c, c.edit.apply(self.text) or "") for c in conventions]
        for convention, report in self._graded(texts, "right alternatives"):
            failed = [check for check in report.checks if not check.passed]
            for check in failed:
                self.problem(
                    f"convention {convention.id} fails {check.id}: {check.message}{_place(check)}"
                )
            if report.stars != 3 and not failed:
                self.problem(f"convention {convention.id} has {report.stars} stars")
            elif not failed and convention.title not in report.submission.notes:
                self.problem(f"convention {convention.id} is not told by its answers")

    def _some(self, mutants: list[Mutant]) -> list[Mutant]:
        """All of them; or of each mistake one edit, as the seed says."""
        if self.one_in == 1:
            return mutants
        apart: dict[str, list[Mutant]] = {}
        for mutant in mutants:
            apart.setdefault(mutant.name, []).append(mutant)
        return [each[self.outcome.seed % len(each)] for each in apart.values()]

    def _parses(self, mutant: Mutant) -> bool:
        try:
            compile(mutant.text, mutant.name, "exec")
        except SyntaxError as error:
            self.problem(f"an edit of {mutant.name} does not parse: {error}")
            return False
        return True

    def singles(self, mutants: list[Mutant]) -> None:
        """Each edit is caught by the check its pitfall names; a remark costs stars alone."""
        slow = [m for m in mutants if m.pitfalls[0].grows]
        stage = self._stage("each mistake alone", len(mutants) - len(slow))
        for outcome in self._run([m for m in mutants if m not in slow], stage, self._meets):
            self._judge(outcome.mutant, {c.id: c.tier for c in outcome.failed})
        for mutant, report in self._clocked(slow, "slow ones, by the clock"):
            self._judge(mutant, {c.id: c.tier for c in report.checks if not c.passed})

    def _meets(self, mutant: Mutant, check: str) -> bool:
        """A pitfall meets the check it names; a remark meets them all, and may fail no other tier.

        Which ones of them it meets where not all are tried depends on the edit, too.
        """
        pitfall = mutant.pitfalls[0]
        if check == pitfall.check or not pitfall.remark:
            return check == pitfall.check
        return among(self.one_in, mutant.text, check, self.outcome.seed)

    def _judge(self, mutant: Mutant, failed: dict[str, Tier]) -> None:
        """A pitfall is refused, a remark is not; each is caught by its own check."""
        pitfall = mutant.pitfalls[0]
        refused = Tier.REQUIRED in failed.values()
        if pitfall.check not in failed:
            self.problem(
                f"{pitfall.id} is not caught by {pitfall.check}: {_shown(mutant.edits[0])}"
            )
        elif refused and pitfall.remark:
            self.problem(f"remark {pitfall.id} is refused: make it a pitfall")
        elif not refused and not pitfall.remark:
            self.problem(f"{pitfall.id} is caught by a stretch check: make it a remark")
        else:
            self.outcome.edits_caught += 1

    def forms(self, mutants: list[Mutant]) -> None:
        """In other forms the solution is right, and each mistake wrong, by the check it names."""
        first = {m.name: m for m in reversed(mutants)}
        some = list(first.values())[self.outcome.seed % self.one_in :: self.one_in]
        ways = tuple(forms(self.kata.entry))
        if self.one_in > 1:
            ways = (ways[self.outcome.seed % len(ways)],)
        stage = self._stage("other forms", len(ways) * (1 + len(some)))
        for form in ways:
            right = Mutant((), (), form.of(self.text, self.kata.entry), form.name)
            for outcome in self._run([right], stage, lambda *_: True):
                for check in outcome.failed:
                    self.problem(f"the solution {form.name} fails {check.id}: {check.message}")
            texts = [replace(m, text=form.of(m.text, self.kata.entry)) for m in some]
            for outcome in self._run(texts, stage, self._meets):
                pitfall = outcome.mutant.pitfalls[0]
                if pitfall.check not in {check.id for check in outcome.failed}:
                    self.problem(f"{pitfall.id} {form.name} is not caught by {pitfall.check}")

    def pairs(self, pitfalls: list[Pitfall]) -> None:
        """Every two compatible mistakes together are refused; or one such pair in so many."""
        begin = self.outcome.seed % self.one_in
        mutants = list(pairs(pitfalls, self.text))[begin :: self.one_in]
        slow = [m for m in mutants if all(p.grows for p in m.pitfalls)]
        others = [m for m in mutants if m not in slow]
        stage = self._stage("every two together", len(others))
        outcomes = self._run(others, stage, lambda *_: True, until_refused=True)
        through = [o.mutant.name for o in outcomes if not o.refused]
        clocked = self._clocked(slow, "two slow ones, by the clock")
        through += [m.name for m, report in clocked if report.verdict is Verdict.ACCEPTED]
        self.outcome.pairs = len(mutants)
        self.outcome.pairs_refused = len(mutants) - len(through)
        for name in through:
            self.problem(f"{name} together are accepted: tell them apart, or say `excludes`")

    def _run(
        self, mutants: list[Mutant], stage: Stage, choose: Choose, *, until_refused: bool = False
    ) -> list[Outcome]:
        """Send mutants through the bank in this process, but for its clock."""
        seed = self.outcome.seed
        try:
            return run_gauntlet(
                self.kata, mutants, seed, choose, stage.step, until_refused=until_refused
            )
        except RuntimeError as error:
            self.problem(f"the bank cannot be run: {_told(str(error))}")
            return []

    def _clocked(self, mutants: list[Mutant], name: str) -> Iterator[tuple[Mutant, Report]]:
        """What costs too much against the budget, which needs real workers."""
        texts = [(mutant, mutant.text) for mutant in mutants]
        for mutant, report in self._graded(texts, name, lambda m: [p.check for p in m.pitfalls]):
            if _undecided(report):
                self.problem(f"{mutant.name} was timed on too busy a machine: run this again")
            else:
                yield mutant, report

    def _graded(
        self,
        texts: Sequence[tuple[One, str]],
        name: str,
        only: Callable[[One], Sequence[str]] | None = None,
    ) -> Iterator[tuple[One, Report]]:
        """The report on each text, by the whole bank or by one check of it."""
        stage = self._stage(name, len(texts)) if texts else None
        for one, text in texts:
            selection = None if only is None else Selection(only=tuple(only(one)))
            report = self._grade(text, selection)
            for _ in range(ASKED_AGAIN):
                if report is None or not _undecided(report):
                    break
                report = self._grade(text, selection)
            if stage is not None:
                stage.step()
            if report is not None:
                yield one, report


def _undecided(report: Report) -> bool:
    """Whether it passed, but where the clock could tell nothing."""
    budget = report.budget
    return report.verdict is Verdict.ACCEPTED and budget is not None and bool(budget.undecided)


def _place(check: Check) -> str:
    """What was called, and the line of the solution where it raised."""
    found = [f"line {frame.line}" for frame in check.evidence.frames[-1:]]
    found += [f"with {check.evidence.shapes}"] if check.evidence.shapes else []
    return f" ({', '.join(found)})" if found else ""


def _shown(edit: Edit) -> str:
    """An edit, as a sentence may quote it."""
    parts = zip(edit.right, edit.wrong, strict=True)
    return ", ".join(f"`{_first(right)}` → `{_first(wrong)}`" for right, wrong in parts)


def _first(text: str) -> str:
    first, *more = text.strip().splitlines() or [""]
    return f"{first} …" if more else first


def _told(text: str) -> str:
    """What pytest says of a bank that it cannot run, without the way there."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return (errors or lines or ["nothing was said"])[-1]
