"""A round's scorecard as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from grader.interview.round.rubric import BY_PERSON, SCALE
from grader.interview.score.scorecard import UNDECIDED, Scorecard
from grader.render.terminal.hanging import Hanging
from grader.report.verdict import Verdict
from grader.report.words import SAYS, minutes, printable, stars

COLOURS = {4: "green", 3: "green", 2: "yellow", 1: "red", None: "dim"}
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}
LONGEST = 300
"""Characters of an answer; the whole of it is in the record."""


def to_text(card: Scorecard) -> RenderableType:
    """Everything a round came to."""
    return Group(*_parts(card))


def _parts(card: Scorecard) -> Iterator[RenderableType]:
    yield Text.assemble(
        (f"Round {card.round}: {printable(card.name)}", "bold"),
        (f"   {card.level}, {minutes(card.elapsed)}", "dim"),
        ("   with an interviewer" if card.hosted else "", "dim"),
    )
    yield _verdict(card)
    yield Text()
    yield from _dimensions(card)
    yield from _section("Time", _times(card))
    yield from _section("Code", _grades(card))
    yield from _section("Predicted, then seen", _predictions(card))
    yield from _section("Questions", _questions(card))
    yield from _section("Notes", (Hanging(Text(f"· {_short(note)}")) for note in card.notes))
    yield from _section("Practise next", (Hanging(Text(f"· {p}")) for p in card.practise))


def _verdict(card: Scorecard) -> Text:
    if not card.ended:
        return Text(f"not finished: kata interview --resume {card.round}", "yellow")
    if card.hire == UNDECIDED:
        return Text(f"undecided: {_missing(card)}", "yellow")
    return Text(card.hire.upper(), "bold green" if "no" not in card.hire else "bold red")


def _missing(card: Scorecard) -> str:
    """Why nobody can say."""
    if any(d.score is None for d in card.dimensions if d.name in BY_PERSON):
        return "what a person has to rate was not rated"
    return "no code was judged"


def _section(title: str, body: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """A heading and what stands below it; neither where there is nothing."""
    lines = list(body)
    if lines:
        yield Text()
        yield Text(title, "bold")
        yield from lines


def _dimensions(card: Scorecard) -> Iterator[RenderableType]:
    for dimension in card.dimensions:
        score, colour = dimension.score, COLOURS[dimension.score]
        bar = "·" * 4 if score is None else "█" * score + "░" * (4 - score)
        yield Text.assemble((f"{bar} {score or '–'}  ", colour), dimension.name)
        for line in dimension.evidence or ("not rated",):
            yield Hanging(Text(printable(line), "dim"), 8)


def _times(card: Scorecard) -> Iterator[RenderableType]:
    for stage in card.stages:
        yield Hanging(
            Text.assemble(
                (minutes(stage.used), "red" if stage.overrun else ""),
                (f" of {minutes(stage.planned)}  ", "dim"),
                printable(stage.title),
                ("  overrun" if stage.overrun else "", "red"),
            )
        )


def _grades(card: Scorecard) -> Iterator[RenderableType]:
    for grade in card.grades:
        accepted = grade.verdict == Verdict.ACCEPTED
        says = SAYS[Verdict(grade.verdict)]
        yield Hanging(
            Text.assemble(
                (f"{minutes(grade.elapsed)}  ", "dim"),
                f"{grade.kata}  ",
                (f"{says} {stars(grade.stars)}", "green" if accepted else "red"),
            )
        )
        for mistake in grade.mistakes:
            yield Hanging(Text(printable(mistake), "dim"), 9)


def _predictions(card: Scorecard) -> Iterator[RenderableType]:
    for one in card.predictions:
        mark, colour = MARKS[one.right]
        yield Hanging(Text.assemble((f"{mark} ", colour), one.title))
        said = _short(one.predicted) or "nothing"
        happened = _short(one.happened) or "not tried"
        yield Hanging(Text(f"predicted: {said}", "dim"), 4)
        yield Hanging(Text(f"happened:  {happened}", "dim"), 4)


def _questions(card: Scorecard) -> Iterator[RenderableType]:
    for one in card.questions:
        colour = COLOURS[one.score]
        words = SCALE[one.score] if one.score else ("not scored" if one.answer else "not reached")
        yield Hanging(Text.assemble((f"{one.score or '–'} ", colour), _short(one.ask)))
        yield Hanging(Text(words, "dim"), 4)


def _short(text: str) -> str:
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
