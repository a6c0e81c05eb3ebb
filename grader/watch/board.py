"""What a watched kata shows: its last report, a hint, an explanation, the solution."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from grader.judge.source import parse
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.kata.vocabulary import find_mistake
from grader.practice import attempts, help
from grader.practice.clock import now
from grader.practice.next import following
from grader.practice.sitting import Practice
from grader.practice.store import Store, Unavailable
from grader.render.terminal import status
from grader.render.terminal.help import hint_text, solution_text
from grader.render.terminal.pitfall import to_text as pitfall_text
from grader.render.terminal.progress import LOOKING
from grader.render.terminal.text import shorter, to_text
from grader.report.verdict import Check, Fault, Report
from grader.report.words import SAYS, minutes
from grader.watch.view import View


class Board:
    """What lies on the table: the report, and what was asked for beside it."""

    def __init__(self, kata: Kata, file: Path, store: Store) -> None:
        self.kata = kata
        self.file = file
        self.store = store
        self.report: Report | None = None
        self.recorded: attempts.Recorded | None = None
        self.bodies: tuple[RenderableType, ...] = (Text(),)
        self.note = ""
        self.attempts = self.hints = self.done = self.failed = 0
        self.practice: Practice | None = None
        self._refresh()

    # --- what is shown ------------------------------------------------------------------------

    def view(self, question: str, *, busy: bool) -> View:
        """The whole screen as it is now."""
        return View(
            f"{self.kata.slug}  {self.kata.title}",
            self.summary(),
            self.bodies,
            self._progress() if busy else self.note,
            question,
        )

    def summary(self) -> str:
        """Time, attempts and hints of this practice."""
        facts = []
        practice = self.practice
        if practice is not None and practice.timed and practice.passed is None:
            seconds = practice.seconds(now())
            facts.append(f"{minutes(seconds)} of {self.kata.par_minutes} min")
        facts.append(status.count(self.attempts, "attempt"))
        if self.hints:
            facts.append(status.count(self.hints, "hint"))
        return " · ".join(facts)

    def _progress(self) -> str:
        total = len(self.kata.announced)
        failed = f"  {self.failed} failed" if self.failed else ""
        if self.failed and self.done >= total:
            return f"{LOOKING}{failed}"
        return f"grading {self.done}/{total}{failed}"

    def _refresh(self) -> None:
        """Learn from the store how this practice stands."""
        try:
            self.practice = attempts.current_practice(self.store, self.kata.slug, self.file)
            if self.practice is not None:
                made, taken = attempts.counts(self.store, self.practice)
                self.attempts, self.hints = made, taken
        except Unavailable as error:
            self.note = str(error)

    # --- grades -------------------------------------------------------------------------------

    def is_stub(self, data: bytes) -> bool:
        """Whether nothing was written yet."""
        try:
            parse(self.file, data, self.kata.text("stub.py"))
        except Fault as fault:
            return "untouched stub" in fault.message
        return False

    def welcome(self) -> None:
        """Say what is asked for, until there is something to grade."""
        lines = (
            Text(self.kata.entry.signature, "bold"),
            Text(self.kata.summary),
            Text(),
            Text(f"Write it in {self.file}: every save is graded."),
            Text(f"The whole statement: kata show {self.kata.slug}", "dim"),
        )
        self._show(Group(*lines))
        self.note = "waiting for your first save"

    def missing(self, why: str) -> None:
        """The file is not there."""
        self._show(Text(f"{why}\n\nAs soon as it is there again, it is graded.", "yellow"))
        self.note = "waiting for the file"

    def begin(self) -> None:
        """A grade begins."""
        self.done = self.failed = 0

    def check(self, check: Check) -> None:
        """A check came out."""
        self.done += 1
        self.failed += not check.passed

    def graded(self, report: Report, recorded: attempts.Recorded | None, note: str) -> None:
        """A grade is done."""
        self.report, self.recorded = report, recorded
        self._refresh()
        self.note = (
            note or f"{SAYS[report.verdict].partition(' (')[0]} {'★' * report.stars}".strip()
        )
        self.show_report()

    def say(self, note: str) -> None:
        """Something happened that is no report."""
        self.note = note

    def show_report(self) -> None:
        """Show the last report again: whole, or what fits."""
        if self.report is None:
            return
        passed = None
        if self.recorded is not None:
            passed = status.passed_text(self.kata, self.recorded, now().at)
        texts = [to_text(form) for form in shorter(self.report)]
        self._show(*(Group(text, passed) if passed else text for text in texts))

    # --- help ---------------------------------------------------------------------------------

    def show_hint(self) -> None:
        """The next hint."""
        try:
            self._show(hint_text(self.kata, help.next_hint(self.store, self.kata, self.file)))
        except Unavailable as error:
            self.note = str(error)
        self._refresh()

    def show_explanation(self) -> None:
        """All there is to say about the mistakes that were named last."""
        findings = self.report.diagnosis.findings if self.report else ()
        if not findings:
            self.note = "no mistake was named: nothing to explain"
            return
        found = [pair for f in findings for pair in find_mistake([self.kata], f.pitfall)]
        self._show(pitfall_text(found))

    def show_solution(self, *, confirmed: bool) -> str:
        """The solution after a pass, or the question that comes before it."""
        try:
            if not confirmed and not help.is_open(self.store, self.kata, self.file):
                return "not passed yet: the solution brings this kata back sooner. Show it? y/n"
            if confirmed:
                help.note_solution_seen(self.store, self.kata, self.file)
        except Unavailable as error:
            self.note = str(error)
        self._show(solution_text(self.kata))
        return ""

    def following(self) -> tuple[Kata, Path] | None:
        """The kata whose turn it is and its file, begun; or None, and why there is none."""
        folder = self.file.parent
        try:
            found = following(self.store, folder, but=self.kata.slug)
            if not found.turn.due:
                self.note = f"everything is passed, and {found.turn.why}"
                return None
            if not found.going:
                _, self.note = attempts.begin(self.store, found.kata, folder, force=True)
        except Refused as refused:
            self.note = str(refused)
            return None
        return None if self.note else (found.kata, found.file)

    def _show(self, *bodies: RenderableType) -> None:
        self.bodies = bodies
