"""The grading of one submission: load it, learn its layout, run the bank, diagnose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.bank.draw import Draw
from grader.exchange.answer import Exchange
from grader.exchange.local import LazySolution
from grader.exchange.matching import Unmatched
from grader.judge.bank_run import Judge, Selection, run_bank
from grader.judge.conversation import Conversation, WorkerPool, load_message
from grader.judge.measure import Side
from grader.judge.memory import Memory
from grader.judge.race import Race
from grader.judge.source import Source
from grader.judge.subject import Subject
from grader.judge.workers import Server
from grader.kata.kata import Kata, KataError
from grader.report.verdict import (
    Budget,
    Check,
    Fault,
    Heatmap,
    Report,
    Submission,
    Tier,
    refused,
    unanswered,
)

if TYPE_CHECKING:
    from grader.diagnosis.convention import Way


ABREAST = 2
"""Families under way at once: while one waits for its worker, another's numbers are drawn."""


@dataclass
class Grading:
    """What one grade holds while it runs."""

    kata: Kata
    source: Source
    server: Server
    seed: int
    device: str = "cpu"
    patience: Sequence[float] | None = None

    def __post_init__(self) -> None:
        self.subject = Subject(
            self.kata, self.source.text, self.server, self.seed, self.device, self.patience
        )
        self.solution = self.subject.solution
        message = load_message(self.kata, self.solution.text)
        self.twins = WorkerPool(self.server, message, trusted=True)

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
            self.subject.close()
            self.twins.close()

    def _graded(
        self, on_check: Callable[[Check], None] | None, selection: Selection, *, diagnose: bool
    ) -> Report:
        fault = self.subject.enter(tried=selection == Selection())
        if fault is not None:
            report = refused(self.kata.slug, self._submission(), fault, self.seed, self.device)
            return replace(report, failure=unanswered(fault), output=self.subject.output)
        race, memory = self._race(), self._memory()
        judge = Judge(
            self.kata,
            self.subject.one_worker,
            self.seed,
            race,
            memory,
            on_check,
            selection,
            abreast=1 if self.server.reusable else ABREAST,
            crash=self.subject.crash,
        )
        report = Report(
            kata=self.kata.slug,
            seed=self.seed,
            device=self.device,
            seconds=0.0,
            submission=self._submission(),
            checks=tuple(run_bank(judge)),
            budget=Budget(
                ratio=_ratio(race.worst),
                limit=race.limit,
                undecided=tuple(race.undecided),
                memory=_ratio(memory.worst),
                memory_limit=memory.limit,
            ),
            output=self.subject.output,
            confinement=self.server.level,
        )
        candidates = judge.candidates
        asked = {c.id: candidates[c.id].exchanges for c in report.checks if c.id in candidates}
        wrong = not all(check.passed for check in report.checks)
        explains = diagnose and wrong and not _explains_itself(report)
        if not explains and _goes_one_way(self.kata):
            return report
        try:
            ways = self._ways(asked)
            report = replace(report, submission=self._submission())
            return self._explained(report, asked, ways) if explains else report
        except KataError:  # without a table of known mistakes the verdict stands all the same
            return report

    def _ways(self, asked: Mapping[str, Sequence[Exchange]]) -> list[Way]:
        """The ways that the answers speak for; a single one that has a name is noted."""
        from grader.diagnosis.convention import nearest

        exchanges = [exchange for each in asked.values() for exchange in each]
        found = nearest(self.kata, exchanges, self.subject.layout)
        if len(found) == 1 and found[0].title:
            self.subject.notes += (found[0].title,)
        return found

    def _explained(
        self, report: Report, asked: Mapping[str, Sequence[Exchange]], ways: Sequence[Way]
    ) -> Report:
        """The report with the mistake named, and what an X-ray shows."""
        from grader.diagnosis.search import diagnose
        from grader.kata.pitfalls import load_pitfalls

        texts = [way.text for way in ways]
        with self.subject.one_worker() as candidate_for:
            candidate = candidate_for("diagnosis")
            found = diagnose(
                self.kata,
                report.checks,
                asked,
                self.subject.layout,
                self.source.text,
                texts=texts,
                ask=candidate.ask,
                run=candidate.run,
                seed=self.seed,
            )
        named = {finding.pitfall for finding in found.findings}
        wants_map = any(p.heatmap for p in load_pitfalls(self.kata) if p.id in named)
        failing = [c for c in report.checks if not c.passed and not c.evidence.skipped]
        failed = {c.family for c in failing if c.tier is Tier.REQUIRED}
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
        from grader.diagnosis.xray import differ, facts, heatmap, look

        same = way == self.solution.text
        truth = (self.solution if same else LazySolution(self.kata, way)).answers
        with self.subject.one_worker() as candidate_for:
            ask = candidate_for("x-ray").ask
            for masked in (False, True) if masked_too else (False,):
                draw = Draw(self.seed, "x-ray")
                seen = look(self.kata, self.subject.layout, ask, truth, draw, masked=masked)
                said = () if seen is None else facts(seen)
                if seen is not None and (said or differ(seen)):
                    caption = "under a mask" if masked else "without a mask"
                    return said, heatmap(seen, caption)
        return (), None

    def _refused(self, failure: Fault | Unmatched, *, diagnose: bool) -> Report:
        """The report of a submission that did not get as far as checks."""
        shapes = failure.shapes if isinstance(failure, Unmatched) else ()
        report = refused(self.kata.slug, self._submission(), failure, self.seed, self.device)
        report = replace(report, output=self.subject.output)
        if not diagnose or not self.subject.name:
            return report
        from grader.diagnosis.structure import diagnose_structure

        with self.subject.one_worker() as candidate_for:
            found = diagnose_structure(
                self.kata,
                failure,
                shapes,
                self.source.text,
                run=candidate_for("diagnosis").run,
                seed=self.seed,
            )
        return replace(report, diagnosis=found)

    def _submission(self) -> Submission:
        source = self.source
        return Submission(
            str(source.path), source.sha256, self.subject.name, self.subject.notes, source.text
        )

    def _race(self) -> Race:
        """The submission against the solution, by the clock."""
        return Race(self.kata, self._mine, self._theirs, Draw(self.seed, "race"), self.device)

    def _memory(self) -> Memory:
        """What the submission keeps in memory, beside the solution."""
        return Memory(self.kata, self._mine, self._theirs, Draw(self.seed, "memory"), self.device)

    def _mine(self) -> Side:
        return Side(self.subject.conversation(), self.subject.layout)

    def _theirs(self) -> Side:
        return Side(Conversation(self.twins), self.solution.variant.layout)


def _explains_itself(report: Report) -> bool:
    """Whether all that fails hangs, or uses a name that is nowhere defined: that is no mistake
    whose cause has to be looked for.
    """
    failing = [c.evidence for c in report.checks if not c.passed and c.tier is Tier.REQUIRED]
    return bool(failing) and all(seen.hung or seen.undefined for seen in failing)


def _goes_one_way(kata: Kata) -> bool:
    """Whether a kata's table of mistakes names nothing else that is right as well."""
    pitfalls = kata.folder / "pitfalls.toml"
    return pitfalls.is_file() and "[[convention]]" not in pitfalls.read_text(encoding="utf-8")


def _ratio(measured: float | None) -> float | None:
    return None if measured is None else round(measured, 2)
