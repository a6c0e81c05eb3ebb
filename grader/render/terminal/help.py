"""Hints and solutions as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.constrain import Constrain as Constrained
from rich.markdown import Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from grader.kata.kata import Kata
from grader.practice.help import MISTAKE, Hint
from grader.report.words import printable

WIDTH = 88
"""Columns of running text, however wide the terminal is."""
HALF = 60
"""Columns that code needs to stand beside other code."""


def hint_text(kata: Kata, hint: Hint) -> RenderableType:
    """A hint, and what help is left."""
    return Group(*_hint(kata, hint))


def _hint(kata: Kata, hint: Hint) -> Iterator[RenderableType]:
    about = f"about error[{hint.key}]" if hint.kind == MISTAKE else f"hint {hint.key}"
    yield Text.assemble((about, "bold yellow"), f": {hint.title}  ", (kata.slug, "dim"))
    yield Padding(Constrained(Markdown(hint.text), WIDTH), (1, 3, 1, 3), expand=False)
    if hint.repeated:
        yield Text(f"that was the last one; what is left: kata solution {kata.slug}", "dim")
    elif hint.left:
        yield Text(f"{hint.left} more: kata hint {kata.slug}", "dim")
    else:
        yield Text(f"no more after this one; what is left: kata solution {kata.slug}", "dim")


def solution_text(kata: Kata) -> RenderableType:
    """The solution, coloured."""
    return _code(kata.solution.read_text(encoding="utf-8"))


def beside_text(kata: Kata, name: str, yours: str) -> RenderableType:
    """A candidate's own text beside the solution, or above it where there is no room."""
    return Beside(printable(name), yours, kata.solution.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Beside:
    """Two texts of code."""

    name: str
    yours: str
    ours: str

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        shown = "\n".join(printable(line) for line in self.yours.splitlines())
        both = ((f"yours: {self.name}", shown), ("the solution", self.ours))
        if options.max_width < 2 * HALF:
            for title, text in both:
                yield from (Text(title, "bold"), _code(text), Text())
            return
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        for title, _text in both:
            table.add_column(title, ratio=1)
        table.add_row(*(_code(text) for _title, text in both))
        yield table


def _code(text: str) -> Syntax:
    return Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True)
