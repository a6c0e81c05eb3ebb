"""How practice stands, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.kata.kata import Kata
from grader.kata.keys import ASKED, ASKED_SOURCE, TRACKS
from grader.practice.attempts import Attempt, Recorded
from grader.practice.next import Turn, ahead, next_step
from grader.practice.standing import KataStanding, Standing
from grader.render.terminal.hanging import Hanging
from grader.report.words import DAY, SAYS, minutes

COLUMNS = ("kata", "best", "last", "attempts", "quickest of par", "due")
NUMBERS = ("attempt", "attempts")
"""Columns that are aligned to the right."""
DISPENSABLE = ("mistakes", "attempts", "quickest of par", "hints", "after", "last")
"""Columns that are left out where there is no room, in this order."""
GAP = 2
"""Columns of a screen between those of a table."""
SHOWN_ATTEMPTS = 20
"""Attempts listed; the numbers of older ones still work."""


def ladder_text(katas: Sequence[Kata], standing: Standing) -> RenderableType:
    """The katas by ladder, from the first rung up: which are passed, how well, when due again."""
    lines: list[RenderableType] = []
    for track in (track for track in TRACKS if track in {kata.track for kata in katas}):
        chosen = ", chosen" * (track == standing.track)
        lines.append(Hanging(Text.assemble((track, "bold"), f"{chosen}: {TRACKS[track]}"), 2, 2))
        lines += [_rung(kata, katas, standing) for kata in katas if kata.track == track]
        lines.append(Text())
    if any(kata.asked for kata in katas):
        lines.append(Hanging(Text(f"how often interviews ask: by {ASKED_SOURCE}", "dim"), 2, 2))
    return Group(*lines, _next(next_step(standing)))


def _rung(kata: Kata, katas: Sequence[Kata], standing: Standing) -> RenderableType:
    """One kata in a line, whose columns are as wide as those of the others."""
    stands = {stand.slug: stand for stand in standing.katas}
    dues = {slug: _due_word(stand.due, standing.at) for slug, stand in stands.items()}
    slug, due, asked = (
        max(map(len, words)) for words in ([k.slug for k in katas], dues.values(), ASKED)
    )
    best = stands[kata.slug].best
    passed = best is not None and best.accepted
    head = Text.assemble(("✓", "green") if passed else ("·", "dim"), f" {kata.rung:>2}  ")
    line = Text.assemble(
        head, (f"{kata.slug:<{slug}}", "bold"), "  ", stars(best), " " * (2 * (best is None)),
        f"  {dues[kata.slug]:<{due}}  {kata.asked:<{asked}}  {kata.level:<6}",
        f"  {kata.par_minutes:>2} min  ", kata.summary,
    )  # fmt: skip
    return Hanging(line, len(head), len(head))


def _next(step: Turn) -> Text:
    """The one thing to type next, and why."""
    command = "kata next" if step.due else f"kata start {step.slug} --force"
    return Text(f"next: {command}  ({step.slug}: {step.why})", "dim")


def _due_word(due: float | None, at: float) -> str:
    if due is None:
        return "–"
    return "due now" if due <= at else f"due {ahead(due - at)}"


def standing_text(standing: Standing, width: int) -> RenderableType:
    """Every kata in a line, the mistakes, the streak, and what to type next."""
    return Group(*_standing(standing, width))


def _standing(standing: Standing, width: int) -> Iterator[RenderableType]:
    rows = [dict(zip(COLUMNS, _row(stand, standing.at), strict=True)) for stand in standing.katas]
    yield _fitting(COLUMNS, rows, width)
    yield Text()
    yield from _mistakes(standing)
    step = next_step(standing)
    attempts, days = count(len(standing.attempts), "attempt"), count(standing.streak, "day")
    yield Text(f"{attempts}, {days} in a row", "dim")
    yield _next(step)


def _fitting(titles: Sequence[str], rows: Sequence[Mapping[str, Text]], width: int) -> Table:
    """A table without the columns that there is no room for, the least important ones first."""
    shown = list(titles)
    for title in ("", *DISPENSABLE):
        shown = [one for one in shown if one != title]
        if sum(_wide(one, rows) + GAP for one in shown) - GAP <= width:
            break
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style="dim", pad_edge=False)
    for title in shown:
        justify: Literal["left", "right"] = "right" if title in NUMBERS else "left"
        table.add_column(title, justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(row[title] for title in shown))
    return table


def _wide(title: str, rows: Sequence[Mapping[str, Text]]) -> int:
    return max(len(title), *(row[title].cell_len for row in rows))


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
            line.append(f" ({slug}, {mistake.certainty})", "dim")
        yield line


def attempts_text(kata: Kata, attempts: Sequence[Attempt], at: float, width: int) -> RenderableType:
    """The attempts at one kata, and how to bring one back."""
    if not attempts:
        return Text(f"no attempt at {kata.slug} yet: kata start {kata.slug}")
    older = len(attempts) - SHOWN_ATTEMPTS
    number = attempts[-1].number
    return Group(
        *([Text(f"… {older} earlier ones", "dim")] if older > 0 else []),
        *_attempts(attempts[-SHOWN_ATTEMPTS:], at, width),
        Text(),
        Text(f"a whole report: kata report --attempt {number}", "dim"),
        Text(f"its text again: kata restore {kata.slug} --attempt {number}", "dim"),
    )


def _attempts(attempts: Sequence[Attempt], at: float, width: int) -> Iterator[RenderableType]:
    """A row each; where there is no room beside it, the mistakes stand below."""
    titles = ("attempt", "when", "after", "verdict", "stars", "hints", "mistakes")
    rows = [dict(zip(titles, _attempt(attempt, at), strict=True)) for attempt in attempts]
    table = _fitting(titles, rows, width)
    yield table
    if all(column.header != "mistakes" for column in table.columns):
        for attempt in attempts:
            if attempt.mistakes:
                yield Hanging(Text(f"{attempt.number}: {', '.join(attempt.named)}", "dim"))


def _attempt(attempt: Attempt, at: float) -> Iterator[Text]:
    yield Text(str(attempt.number))
    yield Text(when(attempt.at, at))
    yield Text(minutes(attempt.since_start))
    style = "green" if attempt.accepted else "red"
    yield Text(SAYS[attempt.verdict].partition(" (")[0], style)
    yield stars(attempt)
    yield Text(str(attempt.hints) if attempt.hints else "–")
    yield Text(" ".join(attempt.named))


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
