"""Reports as HTML: one file that needs nothing else, on paper, in the dark, and offline.

Every value passes two gates on its way out: signs that are not printable are made visible, then
whatever means something in HTML is escaped. Only what the templates write is markup.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.render.status import minutes
from grader.render.view import attempt_view
from grader.render.words import SAYS, printable, stars
from grader.verdict import Report

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
        "says": lambda verdict: SAYS[verdict], "date": _date, "iso": _iso,
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


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")
