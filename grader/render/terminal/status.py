"""How practice stands, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.kata.kata import Kata
from grader.practice.attempts import Attempt, Recorded
from grader.practice.next import ahead, next_step
from grader.practice.standing import KataStanding, Standing
from grader.report.words import DAY, SAYS, minutes

NARROW = 80
"""Columns below which a table shows only what matters most."""
SHOWN_ATTEMPTS = 20
"""Attempts listed; the numbers of older ones still work."""


def standing_text(standing: Standing, width: int) -> RenderableType:
    """Every kata in a line, the mistakes, the streak, and what to type next."""
    return Group(*_standing(standing, narrow=width < NARROW))


def _standing(standing: Standing, *, narrow: bool) -> Iterator[RenderableType]:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    titles = ("kata", "best", "last", "attempts", "quickest of par", "due")
    shown = [n for n, title in enumerate(titles) if title in ("kata", "best", "due") or not narrow]
    for n in shown:
        table.add_column(titles[n], justify="right" if titles[n] == "attempts" else "left")
    for stand in standing.katas:
        cells = tuple(_row(stand, standing.at))
        table.add_row(*(cells[n] for n in shown))
    yield table
    yield Text()
    yield from _mistakes(standing)
    step = next_step(standing)
    attempts, days = count(len(standing.attempts), "attempt"), count(standing.streak, "day")
    yield Text(f"{attempts}, {days} in a row", "dim")
    command = "kata next" if step.due else f"kata start {step.slug} --force"
    yield Text(f"next: {command}  ({step.slug}: {step.why})", "dim")


def _row(stand: KataStanding, at: float) -> Iterator[Text]:
    yield Text(stand.slug, "bold" if stand.best else "dim")
    yield stars(stand.best)
    if stand.last is None:
        yield Text("–", "dim")
    else:
        style = "green" if stand.last.accepted else "red"
        said = Text(SAYS[stand.last.verdict].partition(" (")[0], style)
        yield said.append(f" {when(stand.last.at, at)}", "dim")
    yield Text(str(stand.attempts) if stand.attempts else "–", "" if stand.attempts else "dim")
    par = stand.par_minutes * 60
    if stand.passed_in is None:
        yield Text(f"– of {stand.par_minutes} min", "dim")
    else:
        quick = "green" if stand.passed_in <= par else "yellow"
        yield Text.assemble((minutes(stand.passed_in), quick), f" of {stand.par_minutes} min")
    yield _due(stand.due, at)


def _due(due: float | None, at: float) -> Text:
    if due is None:
        return Text("–", "dim")
    return Text("now", "bold yellow") if due <= at else Text(ahead(due - at))


def _mistakes(standing: Standing) -> Iterator[Text]:
    made = [(stand.slug, m) for stand in standing.katas for m in stand.mistakes]
    for title, style, overcome in (("to overcome", "red", False), ("overcome", "green", True)):
        some = [(slug, m) for slug, m in made if m.overcome is overcome]
        if not some:
            continue
        line = Text.assemble((f"{title}: ", "bold"))
        for number, (slug, mistake) in enumerate(some):
            line.append(", " if number else "")
            line.append(mistake.pitfall, style)
            line.append(f" ×{mistake.times}" if mistake.times > 1 else "")
            line.append(f" ({slug})", "dim")
        yield line


def attempts_text(kata: Kata, attempts: Sequence[Attempt], at: float) -> RenderableType:
    """The attempts at one kata, and how to bring one back."""
    if not attempts:
        return Text(f"no attempt at {kata.slug} yet: kata start {kata.slug}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("attempt", justify="right")
    for title in ("when", "after", "verdict", "stars", "hints", "mistakes"):
        table.add_column(title, no_wrap=title != "mistakes")
    for attempt in attempts[-SHOWN_ATTEMPTS:]:
        style = "green" if attempt.accepted else "red"
        table.add_row(
            str(attempt.number),
            when(attempt.at, at),
            minutes(attempt.since_start),
            Text(SAYS[attempt.verdict].partition(" (")[0], style),
            stars(attempt),
            str(attempt.hints) if attempt.hints else "–",
            " ".join(attempt.mistakes),
        )
    older = len(attempts) - SHOWN_ATTEMPTS
    number = attempts[-1].number
    return Group(
        *([Text(f"… {older} earlier ones", "dim")] if older > 0 else []),
        table,
        Text(),
        Text(f"a whole report: kata report --attempt {number}", "dim"),
        Text(f"its text again: kata restore {kata.slug} --attempt {number}", "dim"),
    )


def passed_text(kata: Kata, recorded: Recorded, at: float) -> Text | None:
    """What a pass means for the practice; None where the attempt was not its first pass."""
    if recorded.rating is None or recorded.due is None:
        return None
    took = ""
    if recorded.since_start is not None:
        took = f" in {minutes(recorded.since_start)} (par {kata.par_minutes} min)"
    rated = f"rated {recorded.rating.name.lower()}: due again {ahead(recorded.due - at)}"
    return Text(f"passed{took}, {rated}", "green")


# --- words for numbers ------------------------------------------------------------------------


def stars(attempt: Attempt | None) -> Text:
    """The stars of an attempt."""
    if attempt is None:
        return Text("–", "dim")
    return Text("★" * attempt.stars + "☆" * (3 - attempt.stars), "yellow" if attempt.stars else "")


def count(number: int, thing: str) -> str:
    """`1 day`, `3 days`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def when(at: float, now: float) -> str:
    """A past moment: the time of day today, the date before."""
    moment, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    if moment.date() == today.date():
        return f"{moment:%H:%M}"
    return f"{moment:%d %b}" if now - at < 300 * DAY else f"{moment:%d %b %Y}"
