"""A round's scorecard as text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.interview.rubric import SCALE
from grader.interview.say import minutes
from grader.interview.scorecard import UNDECIDED, Asked, Graded, Predicted, Scorecard
from grader.render.words import SAYS, printable, stars
from grader.verdict import Verdict

COLOURS = {4: "green", 3: "green", 2: "yellow", 1: "red", None: "dim"}
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
    yield Padding(_dimensions(card), (1, 0, 0, 0))
    yield from _section("Time", _times(card))
    if card.grades:
        yield from _section("Code", _table(_grade(g) for g in card.grades))
    if card.predictions:
        yield from _section("Predicted, then seen", Group(*_predictions(card.predictions)))
    if card.questions:
        yield from _section("Questions", Group(*_questions(card.questions)))
    if card.notes:
        yield from _section("Notes", Group(*(Text(f"· {_short(note)}") for note in card.notes)))
    if card.practise:
        yield from _section("Practise next", Group(*(Text(f"· {p}") for p in card.practise)))


def _verdict(card: Scorecard) -> Text:
    if not card.ended:
        return Text(f"not finished: kata interview --resume {card.round}", "yellow")
    if card.hire == UNDECIDED:
        return Text("undecided: what a person has to rate was not rated", "yellow")
    return Text(card.hire.upper(), "bold green" if "no" not in card.hire else "bold red")


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, "bold")
    yield Padding(body, (0, 0, 0, 2), expand=False)


def _table(rows: Iterator[tuple[Text, ...]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


def _dimensions(card: Scorecard) -> Table:
    def rows() -> Iterator[tuple[Text, ...]]:
        for dimension in card.dimensions:
            score, colour = dimension.score, COLOURS[dimension.score]
            bar = "·" * 4 if score is None else "█" * score + "░" * (4 - score)
            evidence = "\n".join(printable(line) for line in dimension.evidence)
            yield (
                Text(dimension.name), Text(bar, colour), Text(f"{score or '–'}", colour),
                Text(evidence or "not rated", "dim"),
            )  # fmt: skip

    return _table(rows())


def _times(card: Scorecard) -> Table:
    def rows() -> Iterator[tuple[Text, ...]]:
        for stage in card.stages:
            over = "overrun" if stage.overrun else ""
            used = minutes(stage.used)
            yield (
                Text(printable(stage.title)), Text(used, "red" if over else ""),
                Text(f"of {minutes(stage.planned)}", "dim"), Text(over, "red"),
            )  # fmt: skip

    return _table(rows())


def _grade(grade: Graded) -> tuple[Text, ...]:
    accepted = grade.verdict == Verdict.ACCEPTED
    says = SAYS[Verdict(grade.verdict)]
    return (
        Text(minutes(grade.elapsed), "dim"),
        Text(grade.kata),
        Text(f"{says} {stars(grade.stars)}", "green" if accepted else "red"),
        Text("; ".join(map(printable, grade.mistakes)), "dim"),
    )


def _predictions(predictions: tuple[Predicted, ...]) -> Iterator[Text]:
    for one in predictions:
        mark, colour = {True: ("✓", "green"), False: ("✗", "red")}.get(
            one.right if one.right is not None else "", ("–", "dim")
        )
        yield Text.assemble((f"{mark} ", colour), one.title)
        said = _short(one.predicted) or "nothing"
        happened = _short(one.happened) or "not tried"
        yield Text(f"    predicted: {said}; happened: {happened}", "dim")


def _questions(questions: tuple[Asked, ...]) -> Iterator[Text]:
    for one in questions:
        colour = COLOURS[one.score]
        words = SCALE[one.score] if one.score else ("not scored" if one.answer else "not reached")
        yield Text.assemble((f"{one.score or '–'} ", colour), _short(one.ask))
        yield Text(f"    {words}", "dim")


def _short(text: str) -> str:
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
