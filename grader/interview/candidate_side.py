"""The candidate's side of a round: does what the conductor wants, and tells it what happens."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator, Sequence

from grader.interview import editor
from grader.interview.flow import verdicts
from grader.interview.flow.conductor import COMMANDS, Conductor
from grader.interview.flow.flow import Flow
from grader.interview.flow.moves import (
    Edit,
    Failed,
    Finish,
    Graded,
    Heard,
    Hint,
    Line,
    Observed,
    Record,
    Saved,
    Stop,
    Stub,
    Tick,
    Type,
    Wanted,
)
from grader.interview.flow.position import Step
from grader.interview.record import log
from grader.interview.record.ledger import Ledger
from grader.interview.say import BAD, DIM, TITLE, Say
from grader.interview.screens.dial import Dial, dial
from grader.interview.screens.screen import Screen
from grader.judge.background import BackgroundJudge, Came, Judging, Order
from grader.judge.experiments.experiment import Seen
from grader.judge.source import Cancelled
from grader.kata.kata import find
from grader.kata.refused import Refused
from grader.practice import attempts, help
from grader.practice.clock import Stopwatch, steady
from grader.practice.store import Store, Unavailable
from grader.practice.workspace import CannotWrite, Saves
from grader.report.verdict import Check, Fault, Report

LOOK_SECONDS, BEAT_SECONDS = 0.5, 2.0
"""How often the file and the record are looked at, and the clock is put on record."""

BUSY_SECONDS = 0.5
"""How long to wait for a busy database: the screen stands still, and it is tried again later."""


class Driver:
    """A round at a terminal. See `screen.Part` for what the terminal does with it."""

    def __init__(
        self,
        store: Store,
        entry: log.Entry,
        judge: Callable[[], Judging],
        ticks: Callable[[], float] = steady,
    ) -> None:
        self.store = store
        store.wait_at_most(BUSY_SECONDS)
        self.flow = Flow(entry.plan, entry.id, log.events(store, entry.id))
        self.conductor = Conductor(self.flow)
        self.ledger = Ledger(store, entry, self.flow, self._say)
        self.watch = Stopwatch(max(self.conductor.elapsed, entry.elapsed), ticks)
        self.judge = BackgroundJudge(judge, self._told)
        self.status: int | None = None
        self.file: Saves | None = None
        self._answers: queue.SimpleQueue[tuple[Order, Came]] = queue.SimpleQueue()
        self._screen: Screen | None = None
        self._looked = self._beaten = -BEAT_SECONDS

    # --- the terminal's side ------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether the judge works."""
        return self.judge.busy or not self._answers.empty()

    def open(self, screen: Screen) -> None:
        """Begin, or go on."""
        self._screen = screen
        if any(stage.kata for stage in self.flow.plan.stages):
            self.judge.warm()
        self._do(self.flow.begin())

    def line(self, text: str) -> None:
        """The candidate sent a line."""
        # First the line, then the clock: what was sent in time belongs to its stage.
        self.conductor.elapsed = self.watch.read()
        self._do(self.conductor.handle(Line(text)))

    def pump(self, typed: str = "") -> None:
        """Take what the judge, the file, the interviewer and the clock bring."""
        while not self._answers.empty():
            self._answered(*self._answers.get())
        elapsed = self.watch.read()
        if elapsed - self._looked >= LOOK_SECONDS:
            self._looked = elapsed
            self._look(typed)
        self._tick(typed)
        if elapsed - self._beaten >= BEAT_SECONDS:
            self._beaten = elapsed
            self.ledger.beat(elapsed)

    def stop(self, why: str, typed: str = "") -> None:
        """The terminal closes."""
        if self.status is None:
            self._do(self.conductor.handle(Stop(why, typed)))

    def dial(self) -> Dial:
        """The clock."""
        state = self.flow.state
        return dial(state, self.watch.read(), busy=self.busy, company=bool(state.host))

    def words(self) -> Sequence[str]:
        """What can be typed behind a slash."""
        return COMMANDS

    def close(self) -> None:
        """End the judge, and let the round be run by others."""
        self.judge.close()
        with contextlib.suppress(Unavailable):  # whoever resumes sees that this process is gone
            self.ledger.close()

    # --- the conductor's side -----------------------------------------------------------------

    @property
    def screen(self) -> Screen:
        """The terminal."""
        assert self._screen is not None
        return self._screen

    def _say(self, words: Say) -> None:
        self.screen.say(words)

    def _do(self, wanted: Iterator[Wanted]) -> None:
        for what in wanted:
            match what:
                case Record(kind, data):
                    if kind == "stage":
                        self._last_save()
                    self.ledger.put(kind, data, self.watch.read())
                case Say():
                    self._say(what)
                case Stub(kata):
                    self._stub(kata)
                case Edit(kata):
                    self._edit(kata)
                case Order():
                    if self.file is not None:
                        self.file.seen()
                    self.judge.put(what)
                case Hint(kata):
                    self._hint(kata)
                case Type(text):
                    self.screen.type(text)
                case Finish(status):
                    self.status = status

    def _tick(self, typed: str) -> None:
        if self.status is None:
            self._do(self.conductor.handle(Tick(self.watch.read(), typed)))

    def _stub(self, slug: str) -> None:
        kata, file = find(slug), self.flow.state.file(slug)
        try:
            started, _ = attempts.begin(self.store, kata, file.parent)  # its attempts count anyway
        except CannotWrite as error:
            there = file.is_file()
            said = (
                f"{editor.near(file)} is there already, and is used as it is."
                if there
                else str(error)
            )
            self._say(Say(said, DIM if there else BAD))
        else:
            self._say(Say(f"Your file: {editor.near(started.file)}"))
        self._say(Say("Saving it grades it. /edit opens it, /show tells the rest.", DIM))
        self.file = Saves(file)

    def _last_save(self) -> None:
        """What was saved a moment before a stage ended is graded as well."""
        here = self.flow.here
        if here.step is Step.CODE and self.file is not None and self.file.changed:
            self.judge.put(self.flow.grading())

    def _edit(self, kata: str) -> None:
        try:
            self.screen.edit(editor.command(self.flow.state.file(kata)))
        except Refused as error:
            self._say(Say(str(error), BAD))

    def _hint(self, slug: str) -> None:
        try:
            hint = help.next_hint(self.store, find(slug), self.flow.state.file(slug))
        except Unavailable as error:
            self._say(Say(str(error), BAD))
            return
        self._say(Say(hint.title, TITLE))
        self._say(Say(hint.text, indent=2))

    # --- what happens elsewhere ---------------------------------------------------------------

    def _look(self, typed: str) -> None:
        here = self.flow.here
        if here.step is Step.CODE and self.file is not None and self.file.saved():
            self._do(self.conductor.handle(Saved()))
        for event in self.ledger.heard():
            self._do(self.conductor.handle(Heard(event, typed)))

    def _told(self, order: Order, came: Came) -> None:
        """What the judge tells, in its own thread; it is looked at in ours."""
        if not isinstance(came, Check):
            self._answers.put((order, came))

    def _answered(self, order: Order, came: Came) -> None:
        stage, item = order.key
        match came:
            case Report() as report:
                kept, _ = attempts.remember(  # the verdict is in the round's own record as well
                    self.store, find(report.kata), report, order.path, source="interview"
                )
                data = verdicts.summary(report, None if kept is None else kept.attempt)
                self._do(self.conductor.handle(Graded(stage, data)))
            case Seen() as seen:
                data = {"happened": seen.happened, "said": list(seen.said), "failed": ""}
                self._do(self.conductor.handle(Observed((stage, item), data)))
            case Cancelled():
                pass
            case Exception() as error if order.experiment:
                data = {"happened": "", "said": [], "failed": _why(error)}
                self._do(self.conductor.handle(Observed((stage, item), data)))
            case Exception() as error:
                self._do(self.conductor.handle(Failed(stage, order.kata, _why(error))))


def _why(error: Exception) -> str:
    """Why there is no answer, in words: the round goes on, whatever became of the judge."""
    match error:
        case Refused():
            return str(error)
        case Fault():
            return f"your code does not run: {error.message}"
    return f"the judge failed ({type(error).__name__}: {error}); /grade tries again"
