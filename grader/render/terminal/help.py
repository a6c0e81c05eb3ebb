"""Hints and solutions as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.constrain import Constrain as Constrained
from rich.markdown import Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from grader.kata.kata import Kata
from grader.practice.help import MISTAKE, Hint

WIDTH = 88
"""Columns of running text, however wide the terminal is."""


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
    text = kata.solution.read_text(encoding="utf-8")
    return Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True)
