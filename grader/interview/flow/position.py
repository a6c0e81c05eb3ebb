"""What a round waits for now: also a pure function of its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.interview.flow.progress import PROVE, TWIST, Item, State
from grader.interview.round.rubric import BY_PERSON


class Step(StrEnum):
    """What happens next."""

    BEGIN = "begin"
    ASK = "ask"
    PREDICT = "predict"
    SEEING = "seeing"
    """The judge runs an experiment."""
    MARK = "mark"
    """The candidate says whether a prediction in their own words was right."""
    PROVING = "proving"
    """The judge grades what was to be shown."""
    SCORE = "score"
    DISCUSS = "discuss"
    """Candidate and interviewer talk about an answer."""
    CODE = "code"
    READY = "ready"
    """Everything in the stage is done."""
    NOTES = "notes"
    RATE = "rate"
    WAIT = "wait"
    """The interviewer rates."""
    END = "end"
    """Everything is said: the round may end."""
    FINISHED = "finished"


WORKING = (Step.SEEING, Step.PROVING)
TYPED = (Step.ASK, Step.PREDICT)
"""Steps whose answer is words, so that what was typed when time ended counts."""


@dataclass(frozen=True)
class Position:
    """A step, and what it is about."""

    step: Step
    item: Item | None = None
    dimension: str = ""


def position(state: State) -> Position:
    """What the round waits for."""
    if state.ended:
        return Position(Step.FINISHED)
    if state.stage < 0:
        return Position(Step.BEGIN)
    if state.current.kind == "close":
        return _closing(state)
    if state.current.kind == "code":
        return Position(Step.CODE)
    asked = state.asked_in(state.stage)
    for item in asked:
        step = _step(state, item, last=item is asked[-1])
        if step is not None:
            return Position(step, item)
    return Position(Step.READY, asked[-1] if asked else None)


def _step(state: State, item: Item, *, last: bool) -> Step | None:
    """What is still to be done about an item; None where it is done with."""
    key = item.key
    if key not in state.replies:
        return Step.PREDICT if item.kind == TWIST else Step.ASK
    if item.kind == PROVE and key[0] not in state.proved:
        return Step.PROVING
    if item.kind == TWIST and key not in state.seen:
        return Step.SEEING
    return None if key in state.later else _judged(state, item, last=last)


def _judged(state: State, item: Item, *, last: bool) -> Step | None:
    """Who says how good a reply was."""
    if state.host:
        return None if last else Step.DISCUSS
    if item.kind == TWIST:
        return Step.MARK if _unmarked(state, item) else None
    return Step.SCORE if unscored(state, item) else None


def _unmarked(state: State, item: Item) -> bool:
    reply = state.replies[item.key]
    failed = state.seen[item.key].failed
    return bool(reply.text) and not failed and state.prediction[item.key] is None


def unscored(state: State, item: Item) -> bool:
    """Whether an answer was given that nobody has scored; none at all needs no score."""
    reply = state.replies.get(item.key)
    return item.scored and reply is not None and bool(reply.text) and item.key not in state.scores


def _closing(state: State) -> Position:
    if not state.done:
        return Position(Step.NOTES)
    missing = [name for name in BY_PERSON if name not in state.ratings]
    if state.host:
        return Position(Step.WAIT)
    for item in state.items:
        if unscored(state, item):
            return Position(Step.SCORE, item)
    if missing:
        return Position(Step.RATE, dimension=missing[0])
    return Position(Step.END)
