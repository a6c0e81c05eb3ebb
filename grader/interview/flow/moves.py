"""What a conductor is told, and what it wants done: the border between a round and its terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.interview.round.event import Event
from grader.interview.say import Say
from grader.judge.background import Order

# --- told -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """The candidate sent this."""

    text: str


@dataclass(frozen=True)
class Tick:
    """Time went on; `typed` is what stands in the input line."""

    elapsed: float
    typed: str = ""


@dataclass(frozen=True)
class Saved:
    """The file of the current kata was saved."""


@dataclass(frozen=True)
class Graded:
    """The judge answered; `data` is `verdicts.summary`."""

    stage: int
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """The judge ran an experiment; `data` has happened, said and failed."""

    key: tuple[int, int]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Failed:
    """There was nothing to judge, and this is why."""

    stage: int
    kata: str
    message: str


@dataclass(frozen=True)
class Heard:
    """The interviewer did this; it is in the record, and in the state, already."""

    event: Event
    typed: str = ""


@dataclass(frozen=True)
class Stop:
    """The terminal closes, or the candidate wants to go on another time."""

    why: str
    typed: str = ""


Told = Line | Tick | Saved | Graded | Observed | Failed | Heard | Stop

# --- wanted -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """Record an event, before anything that follows."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stub:
    """Write the kata's stub, unless there is work already, and say where it is."""

    kata: str


@dataclass(frozen=True)
class Edit:
    """Open the kata's file in the candidate's editor."""

    kata: str


@dataclass(frozen=True)
class Hint:
    """Give the next hint for a kata."""

    kata: str


@dataclass(frozen=True)
class Type:
    """Put this into the input line in place of what stands there."""

    text: str = ""


@dataclass(frozen=True)
class Finish:
    """Leave the terminal, with this exit status."""

    status: int


Wanted = Record | Say | Stub | Edit | Order | Hint | Type | Finish
