"""The grading of one submission: load it, learn its layout, run the bank, diagnose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grader.candidate import Candidate
from grader.desk import Desk, load_message
from grader.draw import Draw
from grader.judge import Judge, Selection, run_bank
from grader.kata import Kata
from grader.pool import Server, Workshop
from grader.race import Race, Runner
from grader.session import refused
from grader.solution import LazySolution, learn_layout
from grader.submission import Source
from grader.verdict import Check, Fault, Report, Submission, Verdict
from grader.weights import Layout, Unmatched


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
        solution = self.kata.solution.read_text(encoding="utf-8")
        self.twins = Workshop(self.server, load_message(self.kata, solution))
        self.solution = LazySolution(self.kata, solution)

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
            judge.racer = race = self._race()
            checks = run_bank(judge)
        except Fault as fault:
            return refused(self.kata, self._submission(), fault, self.seed, self.device)
        finally:
            self.workshop.close()
            self.twins.close()
        return Report(
            kata=self.kata.slug,
            seed=self.seed,
            device=self.device,
            seconds=0.0,
            submission=self._submission(),
            checks=tuple(checks),
            budget=race.budget,
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
            self.solution.answers,
        )
        return candidate, desk.close

    def _race(self) -> Race:
        """The submission against the solution, each in a worker of its own."""
        return Race(
            self.kata,
            lambda: Runner(Desk(self.workshop), self.layout),
            lambda: Runner(Desk(self.twins), self.solution.variant.layout),
            Draw(self.seed, "race"),
            self.device,
        )
