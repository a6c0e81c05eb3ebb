"""What a round came to, as plain data: the four dimensions with their evidence, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from grader.interview.flow.progress import TWIST, Item, State
from grader.interview.round.choices import label, title
from grader.interview.round.rubric import BY_PERSON, COMMUNICATION, RUBRIC, TECHNICAL, TESTING
from grader.interview.score import marks

HIRE = {4: "strong hire", 3: "leaning hire", 2: "leaning no hire", 1: "strong no hire"}
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Dimension:
    """One of the rubric's four."""

    name: str
    score: int | None
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class StageTime:
    """Time in a stage against its plan, in seconds."""

    title: str
    kind: str
    planned: float
    used: float
    overrun: bool


@dataclass(frozen=True)
class Asked:
    """A question, what was answered, and what might have been."""

    ask: str
    level: str
    answer: str
    model_answer: str
    look_for: tuple[str, ...]
    score: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Predicted:
    """What somebody thought their code would do, and what it did."""

    title: str
    predicted: str
    happened: str
    right: bool | None
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Graded:
    """One verdict in the round."""

    kata: str
    verdict: str
    stars: int
    elapsed: float
    mistakes: tuple[str, ...]
    attempt: int | None


@dataclass(frozen=True)
class Scorecard:
    """A whole round, as far as it has come."""

    round: int
    name: str
    level: str
    begun: float
    ended: bool
    hosted: bool
    elapsed: float
    hire: str
    dimensions: tuple[Dimension, ...]
    stages: tuple[StageTime, ...]
    questions: tuple[Asked, ...]
    predictions: tuple[Predicted, ...]
    grades: tuple[Graded, ...]
    notes: tuple[str, ...]
    practise: tuple[str, ...]


def make_card(
    state: State, *, number: int = 0, begun: float = 0.0, elapsed: float | None = None
) -> Scorecard:
    """The scorecard of a round's state."""
    spent = max(state.elapsed, elapsed or 0.0) if not state.ended else state.elapsed
    dimensions = tuple(_dimensions(state))
    return Scorecard(
        round=number,
        name=state.plan.name,
        level=state.plan.level,
        begun=begun,
        ended=state.ended,
        hosted=state.hosted,
        elapsed=spent,
        hire=hire(dimensions) if state.ended and _seen_code(state, dimensions) else UNDECIDED,
        dimensions=dimensions,
        stages=_stages(state, spent),
        questions=tuple(_asked(state, item) for item in state.items if item.kind != TWIST),
        predictions=tuple(_predicted(state, i) for i in state.items if i.kind == TWIST),
        grades=tuple(
            Graded(
                g.kata, g.data["verdict"], g.data["stars"], g.elapsed,
                tuple(title for _, title, _ in g.data["mistakes"]), g.data.get("attempt"),
            )
            for g in state.grades
        ),
        notes=tuple(f"{actor}: {text}" for actor, _, text in state.notes),
        practise=tuple(marks.practise(state)),
    )  # fmt: skip


def hire(dimensions: tuple[Dimension, ...]) -> str:
    """The mean of the four, halves rounded down, but at most one step above the lowest.

    Undecided while a person has not rated. A dimension the round gave no occasion for is left out.
    """
    scores = {d.name: d.score for d in dimensions}
    if any(scores.get(name) is None for name in BY_PERSON):
        return UNDECIDED
    known = [score for score in scores.values() if score is not None]
    return HIRE[min(marks.rounded(fmean(known)), min(known) + 1)]


def _seen_code(state: State, dimensions: tuple[Dimension, ...]) -> bool:
    """Whether there is a verdict on code, in a round that asks for code: else nobody is hired."""
    known = {d.name: d.score for d in dimensions}
    return known[TECHNICAL] is not None or not state.plan.katas


def _dimensions(state: State) -> list[Dimension]:
    found = []
    for name in BY_PERSON:
        score = state.ratings.get(name)
        words = () if score is None else (RUBRIC[name][score],)
        facts = marks.spoken(state) if name == COMMUNICATION else marks.led(state)
        found.append(Dimension(name, score, words + facts))
    found.append(Dimension(TECHNICAL, *marks.technical(state)))
    found.append(Dimension(TESTING, *marks.testing(state)))
    return found


def _stages(state: State, elapsed: float) -> tuple[StageTime, ...]:
    return tuple(
        StageTime(
            stage.title, stage.kind, stage.seconds, used := state.used(index, elapsed),
            index in state.overtime or used > stage.seconds + 1,
        )
        for index, stage in enumerate(state.plan.stages)
    )  # fmt: skip


def _asked(state: State, item: Item) -> Asked:
    reply = state.replies.get(item.key)
    notes = tuple(text for _, stage, text in state.notes if stage == item.key[0])
    return Asked(
        item.ask,
        item.level,
        reply.text if reply else "",
        item.model_answer,
        item.look_for,
        marks.score(state, item),
        notes if item.kind != "questions" else (),
    )


def _predicted(state: State, item: Item) -> Predicted:
    reply, outcome = state.replies.get(item.key), state.seen.get(item.key)
    predicted = happened = ""
    if reply is not None:
        predicted = label(item.experiment, reply.choice) if reply.choice else reply.text
    if outcome is not None:
        happened = outcome.failed or label(item.experiment, outcome.happened)
    return Predicted(
        title(item.experiment),
        predicted,
        happened,
        state.prediction.get(item.key),
        outcome.said if outcome else (),
    )
