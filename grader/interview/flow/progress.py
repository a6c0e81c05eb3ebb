"""Where a round stands: a pure function of its plan and the events so far."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.interview.round.event import HOST, Event
from grader.interview.round.plan import Round, Stage

Key = tuple[int, int]
"""A stage's index, and that of something asked in it."""

TALK, PROVE, TWIST, QUESTION = "talk", "prove", "twist", "questions"


@dataclass(frozen=True)
class Item:
    """Something the candidate is asked, with what the other side knows about it."""

    key: Key
    number: int
    """Counted from 1 through the whole round."""
    kind: str
    ask: str
    level: str
    model_answer: str = ""
    look_for: tuple[str, ...] = ()
    kata: str = ""
    experiment: str = ""

    @property
    def scored(self) -> bool:
        """Whether a person scores it; a prediction is right or wrong by what happens."""
        return self.kind != TWIST and bool(self.model_answer or self.look_for)


@dataclass(frozen=True)
class Reply:
    """What the candidate said to an item."""

    text: str
    cut: bool = False
    """Whether the clock ended it."""
    choice: str | None = None
    """Which of an experiment's outcomes was predicted, where the words match one."""


@dataclass(frozen=True)
class Outcome:
    """What a candidate's own code did in an experiment, or why it could not be seen."""

    happened: str
    said: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True)
class Grade:
    """One verdict on code, and when it came."""

    stage: int
    elapsed: float
    data: Mapping[str, Any]

    @property
    def kata(self) -> str:
        """The kata that was graded."""
        return str(self.data["kata"])

    @property
    def accepted(self) -> bool:
        """Whether the code was right."""
        return bool(self.data["verdict"] == "accepted")


@dataclass
class State:
    """A round as far as its events go. Made by `fold`, and not changed afterwards."""

    plan: Round
    items: tuple[Item, ...] = ()
    folder: str = ""
    stage: int = -1
    entered: dict[int, float] = field(default_factory=dict)
    """When each stage was entered, on the round's clock."""
    elapsed: float = 0.0
    replies: dict[Key, Reply] = field(default_factory=dict)
    scores: dict[Key, int] = field(default_factory=dict)
    later: set[Key] = field(default_factory=set)
    seen: dict[Key, Outcome] = field(default_factory=dict)
    marks: dict[Key, bool] = field(default_factory=dict)
    grades: list[Grade] = field(default_factory=list)
    proved: set[int] = field(default_factory=set)
    """Prove stages in which the judge has answered."""
    hints: dict[int, int] = field(default_factory=dict)
    """Hints taken, by stage."""
    notes: list[tuple[str, int, str]] = field(default_factory=list)
    """Who said what in which stage, beside the answers."""
    draft: str = ""
    allowed: set[int] = field(default_factory=set)
    """Stages whose box may be overrun because somebody said so."""
    overtime: set[int] = field(default_factory=set)
    ratings: dict[str, int] = field(default_factory=dict)
    done: bool = False
    paused: bool = False
    host: str = ""
    """The process that follows as interviewer, if one does."""
    hosted: bool = False
    """Whether one ever did."""
    ended: bool = False

    @property
    def current(self) -> Stage:
        """The stage the round is in."""
        return self.plan.stages[max(self.stage, 0)]

    def used(self, index: int, elapsed: float) -> float:
        """Seconds spent in a stage so far."""
        if index not in self.entered:
            return 0.0
        end = self.entered.get(index + 1, elapsed)
        return max(0.0, end - self.entered[index])

    def left(self, elapsed: float) -> float:
        """Seconds left in the current stage's box; negative when it is overrun."""
        return self.current.seconds - self.used(max(self.stage, 0), elapsed)

    def asked_in(self, stage: int) -> tuple[Item, ...]:
        """What is asked in a stage, in order."""
        return tuple(item for item in self.items if item.key[0] == stage)

    def file(self, kata: str) -> Path:
        """Where the candidate writes a kata."""
        return Path(self.folder) / f"{kata}.py"

    def last_grade(self, kata: str) -> Grade | None:
        """The latest verdict on a kata."""
        return next((g for g in reversed(self.grades) if g.kata == kata), None)

    @property
    def prediction(self) -> Mapping[Key, bool | None]:
        """Of each prediction: was it right? None where nobody can say."""
        return {k: self._right(k) for k in self.replies if k in self.seen}

    def _right(self, key: Key) -> bool | None:
        reply, outcome = self.replies[key], self.seen[key]
        if outcome.failed:
            return None
        if key in self.scores:
            return self.scores[key] >= 3
        if key in self.marks:
            return self.marks[key]
        if not reply.text:
            return False
        return None if reply.choice is None else reply.choice == outcome.happened


def fold(plan: Round, events: Iterable[Event]) -> State:
    """The state that a round's events lead to."""
    state = State(plan)
    for event in events:
        state.elapsed = max(state.elapsed, event.elapsed)
        # What another version wrote in another form is left out: a round can always go on.
        with contextlib.suppress(KeyError, TypeError, ValueError):
            _apply(state, event)
    return state


def _apply(state: State, event: Event) -> None:  # noqa: PLR0912, PLR0915 - a table of kinds
    data = event.data
    key = (int(data.get("stage", -1)), int(data.get("item", 0)))
    match event.kind:
        case "begun":
            state.folder = str(data["folder"])
            state.items = items(state.plan, data.get("questions", {}), data.get("asks", {}))
        case "stage":
            state.stage = key[0]
            state.entered.setdefault(key[0], event.elapsed)
            state.draft = ""
        case "answer":
            state.replies[key] = Reply(str(data["text"]), bool(data.get("cut")))
            state.draft = ""
        case "predicted":
            cut, choice = bool(data.get("cut")), data.get("choice")
            state.replies[key] = Reply(str(data["text"]), cut, choice)
            state.draft = ""
        case "seen":
            said = tuple(map(str, data.get("said", ())))
            state.seen[key] = Outcome(str(data["happened"]), said, str(data.get("failed", "")))
        case "marked":
            state.marks[key] = bool(data["right"])
        case "score":
            state.scores[key] = int(data["score"])
        case "later":
            state.later.add(key)
        case "grade":
            state.grades.append(Grade(key[0], event.elapsed, data))
            state.proved.add(key[0])
        case "ungraded":
            state.proved.add(key[0])
        case "hint":
            state.hints[key[0]] = state.hints.get(key[0], 0) + 1
        case "said" | "note":
            state.notes.append((event.actor, key[0], str(data["text"])))
            state.draft = "" if event.actor != HOST else state.draft
        case "draft":
            state.draft = str(data["text"])
        case "overrun":
            state.allowed.add(key[0])
        case "overtime":
            state.overtime.add(key[0])
        case "rating":
            state.ratings[str(data["dimension"])] = int(data["score"])
        case "done":
            state.done = True
        case "paused" | "resumed":
            state.paused = event.kind == "paused"
        case "joined":
            state.host = str(data.get("owner", ""))
            state.hosted = True
        case "left":
            if not state.ended:  # who ended it, and then goes, has not left it to the candidate
                state.host = ""
        case "ended":
            state.ended = True
        case _:  # "next" asks for something; the answer to it is an event of its own
            pass


def items(plan: Round, questions: Mapping[str, Any], asks: Mapping[str, str]) -> tuple[Item, ...]:
    """Everything that is asked in a round, numbered through."""
    found: list[Item] = []
    for index, stage in enumerate(plan.stages):
        if stage.kind in (TALK, PROVE):
            texts = [(stage.prompt, plan.level, stage.answer, stage.look_for, stage.kata, "")]
        elif stage.kind == TWIST:
            texts = [
                (asks.get(name, name), plan.level, "", (), stage.kata, name)
                for name in stage.experiments
            ]
        else:
            texts = [
                (q["ask"], q["level"], q["answer"], tuple(q["look_for"]), q["kata"], "")
                for q in questions.get(str(index), ())
            ]
        for number, (ask, level, answer, look_for, kata, name) in enumerate(texts):
            key = (index, number)
            found.append(
                Item(key, len(found) + 1, stage.kind, ask, level, answer, look_for, kata, name)
            )
    return tuple(found)
