"""A round without a terminal, a judge or a disk, and small rounds to hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.interview.flow.conductor import Conductor
from grader.interview.flow.flow import Flow
from grader.interview.flow.moves import (
    Edit,
    Finish,
    Graded,
    Heard,
    Hint,
    Line,
    Observed,
    Record,
    Stop,
    Stub,
    Tick,
    Told,
    Type,
    Wanted,
)
from grader.interview.round.event import CANDIDATE, HOST, Event
from grader.interview.round.plan import Round, Stage
from grader.interview.say import Say
from grader.judge.background import Order

TALK = Stage("talk", "Shapes", 1, "What is the formula?", ("softmax",), "softmax(QKᵀ/√d)V")
CODE = Stage("code", "Write it", 2, "Write it.", kata="masked-dropout")
PROVE = Stage("prove", "Prove it", 1, "How do you show it?", answer="Copy.", kata="masked-dropout")
TWIST = Stage(
    "twist", "Twist", 1, "Row 2 is padding.", answer="Zeros.", kata="masked-dropout",
    experiments=("padded-row", "half"),
)  # fmt: skip
QUESTIONS = Stage("questions", "Questions", 1, count=2)
CLOSE = Stage("close", "Close", 1)
EVERYTHING = (TALK, CODE, PROVE, TWIST, QUESTIONS, CLOSE)
DRAWN = [
    {"kata": "masked-dropout", "level": "mid", "ask": f"Why {n}?", "answer": f"Because {n}.",
     "look_for": [f"point {n}"]}
    for n in (1, 2)
]  # fmt: skip


def verdict(*, accepted: bool = True, **data: Any) -> dict[str, Any]:
    """What an interview keeps of a report."""
    return {
        "kata": "masked-dropout", "verdict": "accepted" if accepted else "wrong_answer",
        "stars": 3 if accepted else 0, "score": 100 if accepted else 50, "seconds": 1.0,
        "attempt": 1, "message": "" if accepted else "the values are wrong", "check": "",
        "mistakes": [] if accepted else [["no-scale", "no scale", 7]],
        "families": [["masking", 3, 3], ["equivalence", 4 if accepted else 1, 4]],
        "required": [20 if accepted else 10, 20], "stretch": [5, 5],
    } | data  # fmt: skip


@dataclass
class Rehearsal:
    """Does what a conductor wants, in memory."""

    stages: tuple[Stage, ...] = EVERYTHING
    level: str = "mid"
    events: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    judged: list[Order] = field(default_factory=list)
    typed: str = ""
    status: int | None = None
    elapsed: float = 0.0
    trace: list[str] = field(default_factory=list)
    """What was recorded and said, in one order."""
    others: list[Wanted] = field(default_factory=list)

    def __post_init__(self) -> None:
        minutes = sum(stage.minutes for stage in self.stages)
        self.plan = Round("r", "A round", self.level, minutes, self.stages)
        drawn = {str(i): DRAWN for i, s in enumerate(self.stages) if s.kind == "questions"}
        if not self.events:
            self._event(CANDIDATE, "begun", {"seed": 1, "folder": "/f", "questions": drawn})
        self.flow = Flow(self.plan, 1, self.events)
        self.conductor = Conductor(self.flow)

    def _event(self, actor: str, kind: str, data: Any) -> Event:
        event = Event(len(self.events) + 1, 0.0, self.elapsed, actor, kind, dict(data))
        self.events.append(event)
        return event

    def do(self, wanted: Iterator[Wanted]) -> str:
        """Everything a conductor wants; returns what it said."""
        before = len(self.said)
        for what in wanted:
            match what:
                case Record(kind, data):
                    self.flow.apply(self._event(CANDIDATE, kind, data))
                    self.trace.append(f"recorded {kind}")
                case Say(text):
                    self.said.append(text)
                    self.trace.append(text)
                case Order():
                    self.judged.append(what)
                case Type(text):
                    self.typed = text
                case Finish(status):
                    self.status = status
                case Stub() | Edit() | Hint():
                    self.others.append(what)
        return "\n".join(self.said[before:])

    def begin(self) -> str:
        return self.do(self.flow.begin())

    def tell(self, told: Told) -> str:
        return self.do(self.conductor.handle(told))

    def line(self, *lines: str) -> str:
        return "\n".join([self.tell(Line(line)) for line in lines])

    def wait(self, seconds: float, typed: str = "") -> str:
        self.elapsed += seconds
        return self.tell(Tick(self.elapsed, typed))

    def host(self, kind: str, typed: str = "", **data: Any) -> str:
        event = self._event(HOST, kind, data)
        self.flow.apply(event)
        return self.tell(Heard(event, typed))

    def graded(self, **data: Any) -> str:
        return self.tell(Graded(self.judged[-1].key[0], verdict(**data)))

    def observed(self, happened: str, failed: str = "") -> str:
        order = self.judged[-1]
        data = {"happened": happened, "said": ["a number"], "failed": failed}
        return self.tell(Observed(order.key, data))

    def stop(self, typed: str = "") -> str:
        return self.tell(Stop("interrupted", typed))

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    @property
    def state(self) -> Any:
        return self.flow.state


def whole_round() -> Rehearsal:
    """Everything once, alone and to the end."""
    it = Rehearsal()
    it.begin()
    it.line("the formula", "3", "")
    it.line("/grade")
    it.elapsed += 30
    it.graded(accepted=False)
    it.line("/grade")
    it.elapsed += 30
    it.graded()
    it.line("/next", "copy the weights")
    it.graded()
    it.line("4", "", "1")
    it.observed("zeros")
    it.line("something odd")
    it.observed("close")
    it.line("n", "", "because one", "2", "/next", "", "a note", "", "3", "2")
    return it


SHORT = """
title = "Short"
level = "mid"
minutes = {total}
"""


def toml(path: Path, *stages: str, minutes: float = 1.0) -> Path:
    """A round's file: stages as TOML without their heads, each of so many minutes."""
    stages = (*stages, 'kind = "close"\ntitle = "Close"')
    text = SHORT.format(total=round(minutes * len(stages), 6))
    for stage in stages:
        text += f"\n[[stage]]\nminutes = {minutes}\n{stage}\n"
    path.write_text(text, encoding="utf-8")
    return path


TALK_TOML = 'kind = "talk"\ntitle = "Shapes"\nprompt = "What is the formula?"\nanswer = "QKV"'
CODE_TOML = 'kind = "code"\ntitle = "Write it"\nkata = "sdpa"\nprompt = "Write sdpa now."'
PROVE_TOML = 'kind = "prove"\ntitle = "Show"\nkata = "sdpa"\nprompt = "How?"\nanswer = "Compare."'
TWIST_TOML = 'kind = "twist"\ntitle = "Twist"\nkata = "sdpa"\nexperiments = ["padded-row"]'
QUESTIONS_TOML = 'kind = "questions"\ntitle = "Asked"\ncount = 1\nkatas = ["sdpa"]'
