"""A round without a terminal: it is told what happened, and says what is to be done."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from grader.interview.flow import scenes, verdicts
from grader.interview.flow.flow import Flow, at
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
    Tick,
    Told,
    Type,
    Wanted,
)
from grader.interview.flow.position import TYPED, WORKING, Step
from grader.interview.flow.progress import Item
from grader.interview.round.event import HOST, Event
from grader.interview.say import BAD, DIM, GOOD, TITLE, WARN, Say
from grader.kata.kata import find

COMMANDS = ("next", "more", "grade", "edit", "show", "hint", "note", "where", "quit", "help")
OTHER_NAMES = {"pause": "quit", "exit": "quit", "notes": "note", "n": "next", "h": "help"}
CODING = ("grade", "edit", "show", "hint")
PAUSED = 130
DRAFT_SECONDS = 5.0
"""How long typed words may be unsaved."""


class Conductor:
    """Answers what a candidate, the clock, the judge and an interviewer do, by moving a flow on."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.elapsed = self.drafted = flow.state.elapsed
        """Seconds by the round's clock: now, and when typed words were last put on record."""
        self.warned: set[int] = set()
        """Stages whose end was announced."""

    def handle(self, told: Told) -> Iterator[Wanted]:
        """What is to be done about something."""
        match told:
            case Line(text):
                yield from self._line(text)
            case Tick(elapsed, typed):
                self.elapsed = elapsed
                yield from self._tick(typed)
            case Saved() if self.flow.state.current.kind == "code":
                yield Say("saved: grading …", DIM)
                yield self.flow.grading()
            case Graded(stage, data):
                yield from self._graded(stage, data)
            case Failed(stage, kata, message):
                yield Record("ungraded", {"stage": stage, "kata": kata, "message": message})
                yield Say(message, WARN)
                if self.flow.here.step is not Step.CODE and stage == self.flow.state.stage:
                    yield from self.flow.go_on()
            case Observed(key, data):
                yield Record("seen", {"stage": key[0], "item": key[1], **data})
                yield from scenes.seen(self.flow.state, self.flow.item(key))
                if key[0] == self.flow.state.stage:
                    yield from self.flow.go_on()
            case Heard(event, typed):
                yield from self._heard(event, typed)
            case Stop(why, typed):
                yield from self._stop(why, typed)

    # --- what the candidate sends -------------------------------------------------------------

    def _line(self, text: str) -> Iterator[Wanted]:
        if text.startswith("/"):
            yield from self._command(text[1:].strip())
            return
        text, here = text.strip(), self.flow.here
        match here.step:
            case Step.ASK | Step.PREDICT if here.item is not None:
                if text:
                    yield from self.flow.answer(here.item, text)
                    yield from self.flow.go_on()
                else:
                    yield Say("Your answer, or /next to go on without one.", DIM)
            case Step.SCORE | Step.RATE:
                yield from self._number(text)
            case Step.MARK if here.item is not None:
                yield from self._mark(here.item, text.lower())
            case Step.DISCUSS | Step.READY if not text:
                yield from self.flow.next("next")
            case Step.NOTES if not text:
                yield Record("done")
                yield from self.flow.go_on()
            case Step.NOTES | Step.WAIT if text:
                yield from self._note(text)
            case _:
                yield from self.flow.keep(text)
                yield Say("noted", DIM) if text else scenes.clock(self.flow.state, self.elapsed)

    def _number(self, text: str) -> Iterator[Wanted]:
        if text not in ("1", "2", "3", "4"):
            yield Say("A number from 1 to 4, please.", WARN)
            return
        here = self.flow.here
        if here.item is not None:
            yield Record("score", at(here.item) | {"score": int(text)})
        else:
            yield Record("rating", {"dimension": here.dimension, "score": int(text)})
        yield from self.flow.go_on()

    def _mark(self, item: Item, text: str) -> Iterator[Wanted]:
        if text[:1] not in ("y", "n"):
            yield Say("y or n, please.", WARN)
            return
        yield Record("marked", at(item) | {"right": text.startswith("y")})
        yield from self.flow.go_on()

    def _note(self, text: str) -> Iterator[Wanted]:
        yield Record("note", {"stage": self.flow.state.stage, "text": text})
        yield Say("noted", DIM)

    def _command(self, text: str) -> Iterator[Wanted]:
        name, _, rest = text.partition(" ")
        name = OTHER_NAMES.get(name.lower(), name.lower())
        match name:
            case "help":
                yield Say(scenes.HELP)
            case "next":
                yield from self.flow.next("next")
            case "more":
                yield Record("overrun", {"stage": self.flow.state.stage})
                yield Say("Take your time; it is noted.", DIM)
            case "note" if rest.strip():
                yield from self._note(rest.strip())
            case "note":
                yield Say("What is the note? /note and your words.", DIM)
            case "where":
                yield from self._again()
                yield scenes.clock(self.flow.state, self.elapsed)
            case "quit":
                yield from self._stop("quit", "")
            case _ if name in CODING:
                yield from self._code(name)
            case _:
                near = difflib.get_close_matches(name, COMMANDS, n=1)
                hint = f"did you mean /{near[0]}?" if near else "/help shows them all"
                yield Say(
                    f"There is no /{name}: {hint} (a space before / makes it an answer)", WARN
                )

    def _code(self, name: str) -> Iterator[Wanted]:
        kata = self.flow.state.current.kata
        if not kata:
            yield Say("There is no code in this stage.", DIM)
        elif name == "grade":
            yield Say("grading …", DIM)
            yield self.flow.grading()
        elif name == "edit":
            yield Edit(kata)
        elif name == "show":
            yield Say(find(kata).text("README.md"))
        else:
            yield Record("hint", {"stage": self.flow.state.stage, "kata": kata})
            yield Hint(kata)

    def _again(self) -> Iterator[Wanted]:
        yield from scenes.stage(self.flow.state)
        yield from scenes.step(self.flow.state, self.flow.here)

    # --- what else happens --------------------------------------------------------------------

    def _tick(self, typed: str) -> Iterator[Wanted]:
        state, stage = self.flow.state, self.flow.state.current
        if state.stage < 0 or state.ended:
            return
        left = state.left(self.elapsed)
        free = stage.overrun or state.stage in state.allowed or stage.kind == "close"
        if left <= 0 and not free:
            yield from self._time_up(typed)
        elif left <= 0 and state.stage not in state.overtime:
            yield Record("overtime", {"stage": state.stage})
            yield Say(f"The time for “{stage.title}” is up: from here on you overrun.", BAD)
        elif 0 < left <= stage.warns and state.stage not in self.warned:
            self.warned.add(state.stage)
            yield scenes.warning(stage, left)
        elif typed and typed != state.draft and self.elapsed - self.drafted > DRAFT_SECONDS:
            self.drafted = self.elapsed
            yield Record("draft", {"stage": state.stage, "text": typed})

    def _time_up(self, typed: str) -> Iterator[Wanted]:
        here, kept = self.flow.here, bool(typed.strip())
        title = self.flow.state.current.title
        yield Say()
        if here.step in TYPED and here.item is not None:
            yield from self.flow.answer(here.item, typed, cut=True)
        else:
            yield from self.flow.keep(typed)
        more = " What you had typed is kept." if kept else ""
        yield Say(f"The time for “{title}” is up.{more}", WARN)
        yield Type()
        yield from self.flow.enter(self.flow.state.stage + 1, "time")

    def _graded(self, stage: int, data: Mapping[str, Any]) -> Iterator[Wanted]:
        yield Record("grade", {"stage": stage, **data})
        proving = self.flow.plan.stages[stage].kind == "prove"
        yield from verdicts.proof(data) if proving else verdicts.lines(data)
        if stage != self.flow.state.stage:
            return
        if self.flow.here.step is not Step.CODE:
            yield from self.flow.go_on()
        elif data["verdict"] == "accepted":
            yield Say("Explain why it is right, then /next.", GOOD)

    def _heard(self, event: Event, typed: str) -> Iterator[Wanted]:
        match event.kind:
            case "joined":
                yield from self.flow.company()
                if self.flow.here.step in (Step.DISCUSS, Step.READY, Step.WAIT):
                    yield from self.flow.go_on()
            case "left":
                yield Say("The interviewer has left; you go on alone.", DIM)
                if self.flow.here.step not in (Step.CODE, Step.READY, *WORKING, *TYPED):
                    yield from self.flow.judge_alone()
            case "overrun":
                yield Say("The interviewer gives you more time.", DIM)
            case "next" if self._is_here(event):
                yield Type()
                yield from self.flow.next(HOST, typed)
            case "ended":
                yield Say("The interviewer has ended the round. Thank you.", TITLE)
                yield Finish(0)

    def _is_here(self, event: Event) -> bool:
        """Whether the interviewer saw what the candidate sees: the two may cross."""
        item = self.flow.here.item
        seen = (event.data.get("stage"), event.data.get("item"))
        return seen == (self.flow.state.stage, item.key[1] if item else -1)

    def _stop(self, why: str, typed: str) -> Iterator[Wanted]:
        if self.flow.state.ended:
            yield Finish(0)
            return
        if typed.strip():
            yield Record("draft", {"stage": self.flow.state.stage, "text": typed})
        yield Record("paused", {"why": why})
        yield Say(f"Paused. To go on: kata interview --resume {self.flow.number}", TITLE)
        yield Finish(PAUSED)
