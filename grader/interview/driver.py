"""The candidate's side of a round: does what the conductor wants, and tells it what happens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from grader import coach, history
from grader.experiment import Seen
from grader.interview import editor, log, owner, verdicts
from grader.interview.bench import Bench, Done, Judging
from grader.interview.conductor import COMMANDS, Conductor
from grader.interview.dial import Dial, dial
from grader.interview.event import CANDIDATE, HOST, Event
from grader.interview.moves import (
    Edit,
    Failed,
    Finish,
    Graded,
    Heard,
    Hint,
    Judge,
    Line,
    Observed,
    Record,
    Saved,
    Stop,
    Stub,
    Tick,
    Type,
    Wanted,
)  # fmt: skip
from grader.interview.position import Step
from grader.interview.say import BAD, DIM, TITLE, WARN, Say
from grader.interview.stage import Screen
from grader.interview.stopwatch import Stopwatch, steady
from grader.interview.watching import Watch
from grader.kata import find
from grader.store import Store, Unavailable
from grader.verdict import Report
from grader.workspace import CannotWrite, start

LOOK_SECONDS, BEAT_SECONDS = 0.5, 2.0
"""How often the file and the record are looked at, and the clock is put on record."""

PATIENCE = 0.5
"""Seconds to wait for a busy database: the screen stands still, and it is tried again later."""


class Driver:
    """A round at a terminal. See `stage.Part` for what the terminal does with it."""

    def __init__(
        self,
        store: Store,
        entry: log.Entry,
        judge: Callable[[], Judging],
        ticks: Callable[[], float] = steady,
    ) -> None:
        self.store = store
        store.patience = PATIENCE
        store.read(lambda db: db.execute(f"pragma busy_timeout = {PATIENCE * 1000:.0f}"))
        self.entry = entry
        events = log.events(store, entry.id)
        self._recorded = list(events)
        self.conductor = Conductor(entry.plan, entry.id, events)
        self.last = events[-1].seq if events else 0
        self.watch = Stopwatch(max(self.conductor.elapsed, entry.elapsed), ticks)
        self.bench = Bench(judge)
        self.status: int | None = None
        self.file: Watch | None = None
        self._screen: Screen | None = None
        self._heard: list[Event] = []
        self._unsaved: list[tuple[str, Mapping[str, Any], float]] = []
        self._ahead = 0
        """How many of those that are not on record the conductor knows already."""
        self._known: set[int] = set()
        self._looked = self._beaten = -BEAT_SECONDS

    # --- the terminal's side ------------------------------------------------------------------

    @property
    def number(self) -> int:
        """The round's."""
        return self.entry.id

    @property
    def busy(self) -> bool:
        """Whether the judge works."""
        return self.bench.busy

    def open(self, screen: Screen) -> None:
        """Begin, or go on."""
        self._screen = screen
        if any(stage.kata for stage in self.conductor.plan.stages):
            self.bench.warm()
        self._do(self.conductor.begin())

    def line(self, text: str) -> None:
        """The candidate sent a line."""
        # First the line, then the clock: what was sent in time belongs to its stage.
        self.conductor.elapsed = self.watch.read()
        self._do(self.conductor.handle(Line(text)))

    def pump(self, typed: str = "") -> None:
        """Take what the judge, the file, the interviewer and the clock bring."""
        for done in self.bench.take():
            self._answered(done)
        elapsed = self.watch.read()
        if elapsed - self._looked >= LOOK_SECONDS:
            self._looked = elapsed
            self._look(typed)
        self._tick(typed)
        if elapsed - self._beaten >= BEAT_SECONDS:
            self._beaten = elapsed
            self._beat(elapsed)

    def stop(self, why: str, typed: str = "") -> None:
        """The terminal closes."""
        if self.status is None:
            self._do(self.conductor.handle(Stop(why, typed)))

    def dial(self) -> Dial:
        """The clock."""
        state = self.conductor.state
        return dial(state, self.watch.read(), busy=self.busy, company=bool(state.host))

    def words(self) -> Sequence[str]:
        """What can be typed behind a slash."""
        return COMMANDS

    def close(self) -> None:
        """End the judge, and let the round be run by others."""
        self.bench.close()
        with contextlib.suppress(Unavailable):  # whoever resumes sees that this process is gone
            self._flush()
            log.release(self.store, self.number)

    # --- the conductor's side -----------------------------------------------------------------

    @property
    def screen(self) -> Screen:
        """The terminal."""
        assert self._screen is not None
        return self._screen

    def _do(self, wanted: Iterator[Wanted]) -> None:
        for what in wanted:
            match what:
                case Record(kind, data):
                    if kind == "stage":
                        self._last_save()
                    self._record(kind, data)
                case Say():
                    self.screen.say(what)
                case Stub(kata):
                    self._stub(kata)
                case Edit(kata):
                    self._edit(kata)
                case Judge():
                    if self.file is not None:
                        self.file.seen()
                    self.bench.put(what, self._path(what.kata))
                case Hint(kata):
                    self._hint(kata)
                case Type(text):
                    self.screen.type(text)
                case Finish(status):
                    self.status = status

    def _tick(self, typed: str) -> None:
        if self.status is None:
            self._do(self.conductor.handle(Tick(self.watch.read(), typed)))

    def _path(self, kata: str) -> Path:
        return Path(self.conductor.state.folder) / f"{kata}.py"

    def _stub(self, slug: str) -> None:
        kata, file = find(slug), self._path(slug)
        try:
            file = start(kata, file.parent).file
        except CannotWrite as error:
            there = file.is_file()
            said = (
                f"{editor.near(file)} is there already, and is used as it is."
                if there
                else str(error)
            )
            self.screen.say(Say(said, DIM if there else BAD))
        else:
            self.screen.say(Say(f"Your file: {editor.near(file)}"))
            with contextlib.suppress(Unavailable):  # its attempts count all the same
                history.remember_start(self.store, kata, file)
        self.screen.say(Say("Saving it grades it. /edit opens it, /show tells the rest.", DIM))
        self.file = Watch(file)

    def _last_save(self) -> None:
        """What was saved a moment before a stage ended is graded as well."""
        here, state = self.conductor.here, self.conductor.state
        if here.step is Step.CODE and self.file is not None and self.file.changed:
            self.bench.put(Judge(state.stage, state.current.kata), self.file.path)

    def _edit(self, kata: str) -> None:
        try:
            self.screen.edit(editor.command(self._path(kata)))
        except editor.NoEditor as error:
            self.screen.say(Say(str(error), BAD))

    def _hint(self, slug: str) -> None:
        try:
            hint = coach.next_hint(self.store, find(slug), self._path(slug))
        except Unavailable as error:
            self.screen.say(Say(str(error), BAD))
            return
        self.screen.say(Say(hint.title, TITLE))
        self.screen.say(Say(hint.text, indent=2))

    # --- the record ---------------------------------------------------------------------------

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Record an event; what cannot be recorded now is kept, and tried again with the next."""
        self._unsaved.append((kind, data, self.watch.read()))
        try:
            self._flush()
        except Unavailable as error:
            if not self._ahead:
                self.screen.say(Say(f"This is not on record yet: {error}", BAD))
            kind, data, elapsed = self._unsaved[-1]
            self.conductor.apply(Event(0, 0.0, elapsed, CANDIDATE, kind, data))
            self._ahead += 1

    def _flush(self) -> None:
        while self._unsaved:
            kind, data, elapsed = self._unsaved[0]
            event = self._append(kind, data, elapsed)
            self._unsaved.pop(0)
            if self._ahead:
                self._ahead -= 1
                self._known.add(event.seq)
                if not self._ahead:
                    self.screen.say(Say("Everything is on record again.", DIM))
        self._pull()

    def _append(self, kind: str, data: Mapping[str, Any], elapsed: float) -> Event:
        put = partial(log.append, self.store, elapsed=elapsed, after=self.last)
        try:
            return put(self.number, CANDIDATE, kind, data)
        except log.Lost:
            self._restore()
        return put(self.number, CANDIDATE, kind, data)

    def _restore(self) -> None:
        """Put the round back on record, after its database was lost."""
        number = log.restore(self.store, self.entry, self._recorded)
        self.entry = replace(self.entry, id=number)
        self.conductor.number = number
        said = f"The record of this round was lost, and is written anew: it is round {number}."
        self.screen.say(Say(said, WARN))

    def _pull(self) -> None:
        """Take over what is new in the record, in its order."""
        for event in log.events(self.store, self.number, self.last):
            self.last = event.seq
            self._recorded.append(event)
            if event.seq in self._known:
                continue
            self.conductor.apply(event)
            if event.actor == HOST:
                self._heard.append(event)

    def _beat(self, elapsed: float) -> None:
        with contextlib.suppress(Unavailable):  # said as soon as there is an event to lose
            self._flush()
            try:
                log.beat(self.store, self.number, elapsed)
            except log.Lost:
                self._restore()
        host = owner.unpack(self.conductor.state.host)
        if host is not None and not host.alive:
            self._record("left", {})
            self._heard.append(self.conductor.events[-1])

    # --- what happens elsewhere ---------------------------------------------------------------

    def _look(self, typed: str) -> None:
        here = self.conductor.here
        if here.step is Step.CODE and self.file is not None and self.file.saved():
            self._do(self.conductor.handle(Saved()))
        with contextlib.suppress(Unavailable):
            self._pull()
        while self._heard:
            self._do(self.conductor.handle(Heard(self._heard.pop(0), typed)))

    def _answered(self, done: Done) -> None:
        order = done.order
        key = (order.stage, order.item)
        match done.answer:
            case Report() as report:
                data = verdicts.summary(report, self._attempt(report, done.path))
                self._do(self.conductor.handle(Graded(order.stage, data)))
            case Seen() as seen:
                data = {"happened": seen.happened, "said": list(seen.said), "failed": ""}
                self._do(self.conductor.handle(Observed(key, data)))
            case str() as message if order.experiment:
                data = {"happened": "", "said": [], "failed": message}
                self._do(self.conductor.handle(Observed(key, data)))
            case str() as message:
                self._do(self.conductor.handle(Failed(order.stage, order.kata, message)))

    def _attempt(self, report: Report, path: Path) -> int | None:
        try:
            found = history.record(self.store, find(report.kata), report, path, source="interview")
        except Unavailable:  # the verdict is in the round's own record
            return None
        return found.attempt
