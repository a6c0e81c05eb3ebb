"""The grading of one submission: load it, learn its layout, run the bank, diagnose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.bank.candidate import Candidate
from grader.bank.draw import Draw
from grader.diagnosis.convention import Way, nearest
from grader.diagnosis.search import diagnose as diagnose_answers
from grader.diagnosis.search import diagnose_structure
from grader.diagnosis.xray import differ, facts, heatmap, look
from grader.exchange.answer import Exchange
from grader.exchange.layout import Layout
from grader.exchange.local import LazySolution, learn_layout
from grader.exchange.matching import Unmatched
from grader.judge.bank_run import Judge, Selection, run_bank
from grader.judge.conversation import PATIENCE, Conversation, WorkerPool, load_message
from grader.judge.race import Race, Runner
from grader.judge.source import Source
from grader.judge.workers import Server
from grader.kata.kata import Kata, KataError
from grader.kata.pitfalls import load_pitfalls
from grader.report.refusal import refused
from grader.report.verdict import Check, Fault, Heatmap, Report, Submission, Tier


@dataclass
class Grading:
    """What one grade holds while it runs."""

    kata: Kata
    source: Source
    server: Server
    seed: int
    device: str = "cpu"
    patience: Sequence[float] | None = None
    name: str = ""
    notes: list[str] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    level: str = "limits"

    def __post_init__(self) -> None:
        self.pool = WorkerPool(
            self.server, load_message(self.kata, self.source.text), self.patience or PATIENCE
        )
        solution = self.kata.solution.read_text(encoding="utf-8")
        self.twins = WorkerPool(self.server, load_message(self.kata, solution))
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
            return self._graded(on_check, selection or Selection(), diagnose=diagnose)
        except (Fault, Unmatched) as failure:
            return self._refused(failure, diagnose=diagnose)
        finally:
            self.pool.close()
            self.twins.close()

    def _graded(
        self, on_check: Callable[[Check], None] | None, selection: Selection, *, diagnose: bool
    ) -> Report:
        self._enter()
        race = self._race()
        judge = Judge(self.kata, self._candidate, self.seed, race, on_check, selection)
        report = Report(
            kata=self.kata.slug,
            seed=self.seed,
            device=self.device,
            seconds=0.0,
            submission=self._submission(),
            checks=tuple(run_bank(judge)),
            budget=race.budget,
            output=self.pool.printed.decode("utf-8", "replace"),
            confinement=self.level,
        )
        asked = {name: candidate.exchanges for name, candidate in judge.candidates.items()}
        try:
            ways = self._ways(asked)
            report = replace(report, submission=self._submission())
            if not diagnose or all(check.passed for check in report.checks):
                return report
            return self._explained(report, asked, ways)
        except KataError:  # without a table of known mistakes the verdict stands all the same
            return report

    def _ways(self, asked: Mapping[str, Sequence[Exchange]]) -> list[Way]:
        """The ways that the answers speak for; a single one that has a name is noted."""
        exchanges = [exchange for each in asked.values() for exchange in each]
        found = nearest(self.kata, exchanges, self.layout)
        if len(found) == 1 and found[0].title:
            self.notes.append(found[0].title)
        return found

    def _explained(
        self, report: Report, asked: Mapping[str, Sequence[Exchange]], ways: Sequence[Way]
    ) -> Report:
        """The report with the mistake named, and what an X-ray shows."""
        texts = [way.text for way in ways]
        found = diagnose_answers(
            self.kata, report.checks, asked, self.layout, self.source.text, texts=texts
        )
        named = {finding.pitfall for finding in found.findings}
        wants_map = any(p.heatmap for p in load_pitfalls(self.kata) if p.id in named)
        failed = {c.family for c in report.checks if not c.passed and c.tier is Tier.REQUIRED}
        if not failed & {"equivalence", "masking", "numerics"}:
            return replace(report, diagnosis=found)
        said, picture = self._xray(ways[0].text, masked_too="masking" in failed)
        return replace(
            report,
            diagnosis=found,
            evidence=said,
            heatmap=picture if wants_map or not named else None,
        )

    def _xray(self, way: str, *, masked_too: bool) -> tuple[tuple[str, ...], Heatmap | None]:
        """What the attention weights show: without a mask, and if that is right, under one."""
        candidate, done = self._candidate("x-ray")
        same = way == self.solution.text
        truth = (self.solution if same else LazySolution(self.kata, way)).answers
        try:
            for masked in (False, True) if masked_too else (False,):
                draw = Draw(self.seed, "x-ray")
                seen = look(self.kata, self.layout, candidate.ask, truth, draw, masked=masked)
                said = () if seen is None else facts(seen)
                if seen is not None and (said or differ(seen)):
                    caption = "under a mask" if masked else "without a mask"
                    return said, heatmap(seen, caption)
            return (), None
        finally:
            done()

    def _refused(self, failure: Fault | Unmatched, *, diagnose: bool) -> Report:
        """The report of a submission that did not get as far as checks."""
        shapes = failure.shapes if isinstance(failure, Unmatched) else ()
        report = refused(self.kata.slug, self._submission(), failure, self.seed, self.device)
        report = replace(report, output=self.pool.printed.decode("utf-8", "replace"))
        if not diagnose or not self.name:
            return report
        found = diagnose_structure(self.kata, failure, shapes, self.source.text)
        return replace(report, diagnosis=found)

    def _submission(self) -> Submission:
        source = self.source
        return Submission(
            str(source.path), source.sha256, self.name, tuple(self.notes), source.text
        )

    def _enter(self) -> None:
        """Load the submission for the first time, and learn where it keeps its weights."""
        conversation = Conversation(self.pool)
        try:
            loaded = conversation.open()
            self.name, self.level = loaded["name"], loaded["confinement"]
            self.notes += loaded["notes"]
            self.layout = learn_layout(self.kata, conversation.run)
        finally:
            conversation.close()

    def _candidate(self, check: str) -> tuple[Candidate, Callable[[], None]]:
        """The submission for one check, and how to be done with it."""
        conversation = Conversation(self.pool)
        candidate = Candidate(
            self.kata,
            self.layout,
            conversation.run,
            Draw(self.seed, f"{check}, weights"),
            self.device,
            self.solution.answers,
        )
        return candidate, conversation.close

    def _race(self) -> Race:
        """The submission against the solution, each in a worker of its own."""
        return Race(
            self.kata,
            lambda: Runner(Conversation(self.pool), self.layout),
            lambda: Runner(Conversation(self.twins), self.solution.variant.layout),
            Draw(self.seed, "race"),
            self.device,
        )
