"""Reports as HTML: one file that needs nothing else, on paper, in the dark, and offline.

Every value passes two gates on its way out: signs that are not printable are made visible, then
whatever means something in HTML is escaped. Only what the templates write is markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.interview.score.scorecard import HIRE, Scorecard
from grader.practice.attempts import Attempt
from grader.practice.next import next_step
from grader.practice.standing import Standing
from grader.render.html.charts import course, days, spans
from grader.render.html.view import attempt_view
from grader.report.verdict import Report
from grader.report.words import SAYS, minutes, printable, stars

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
GENERATOR = '<meta name="generator" content="kata report">'
"""What every page of ours has near its top, and by which `kata report` knows it again."""


def attempt_page(report: Report, *, when: float | None = None) -> str:
    """The page of one grade; `when` it was, in seconds since 1970."""
    return _render("attempt.html", view=attempt_view(report), when=when)


def attempt_fragment(report: Report) -> str:
    """The same as a piece of a page, for notebooks."""
    return _render("fragment.html", view=attempt_view(report), when=None)


def history_page(standing: Standing, reports: Sequence[tuple[Attempt, Report]]) -> str:
    """Progress over time, kata by kata, and the latest attempts in full."""
    tried = [
        (kata, [a for a in standing.attempts if a.kata == kata.slug]) for kata in standing.katas
    ]
    courses = [(kata, course(attempts)) for kata, attempts in tried if attempts]
    mistakes = [(kata, mistake) for kata in standing.katas for mistake in kata.mistakes]
    begun = [kata for kata in standing.katas if kata.attempts]
    paces = spans([(kata.passed_in, kata.par_minutes * 60.0) for kata in begun])
    return _render(
        "history.html",
        standing=standing,
        passed=sum(kata.best is not None and kata.best.accepted for kata in standing.katas),
        step=next_step(standing) if standing.katas else None,
        chart=days(standing),
        courses=courses,
        pace=list(zip(begun, paces, strict=True)),
        mistakes=sorted(mistakes, key=lambda pair: (pair[1].overcome, -pair[1].last)),
        latest=[(attempt, attempt_view(report)) for attempt, report in reports],
    )


def round_page(card: Scorecard) -> str:
    """The scorecard of an interview."""
    steps = {word: score for score, word in HIRE.items()}
    stages = spans([(stage.used, stage.planned) for stage in card.stages])
    return _render(
        "round.html",
        card=card,
        hire=HIRE,
        tone={4: "good", 3: "good", 2: "fair", 1: "bad"}.get(steps.get(card.hire, 0), ""),
        planned=sum(stage.planned for stage in card.stages),
        stages=list(zip(card.stages, stages, strict=True)),
    )


def is_page(text: str) -> bool:
    """Whether a file's beginning says that it is a page of ours."""
    return GENERATOR in text


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters |= {
        "prose": _prose, "stars": stars, "duration": minutes,
        "says": _says, "date": _date, "day": _day, "iso": _iso,
    }  # fmt: skip
    environment.globals["generator"] = _markup(GENERATOR)
    return environment


def _visible(value: Any) -> Any:
    """Any value on its way into a page, its line ends kept and other control signs made visible."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(printable(line) for line in value.split("\n"))


def _markup(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)


def _prose(text: str) -> str:
    """Sentences, with `code` in them set as code."""
    from markupsafe import escape

    escaped = str(escape(_visible(text)))
    return _markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


def _date(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%d %B %Y, %H:%M}".removeprefix("0")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%d %b %Y}".removeprefix("0")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _says(verdict: str) -> str:
    return next((said for known, said in SAYS.items() if known == verdict), verdict)
