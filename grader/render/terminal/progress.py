"""One line that lives while something is done, on a terminal only. It needs no thread."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from grader.kata.kata import Kata
from grader.render.terminal.text import make_console
from grader.report.verdict import Check
from grader.report.words import printable

WIDTH = 30
LOOKING = "looking for the cause"
"""What is done when all checks are done and some failed."""


class LivingLine:
    """A context manager; what is said replaces what was said before, and at last all is gone."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.live = (
            None
            if quiet or not console.is_terminal
            else Live(
                console=console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
        )

    def __enter__(self) -> Self:
        if self.live is not None:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()

    def say(self, what: str) -> None:
        """Show what is being done."""
        if self.live is not None:
            self.live.update(Text(what, "dim", no_wrap=True, overflow="ellipsis"), refresh=True)


class Progress(LivingLine):
    """How far a grade is."""

    def __init__(self, kata: Kata, *, quiet: bool = False, about: Path | None = None) -> None:
        super().__init__(make_console(stderr=True), quiet=quiet)
        self.about = "" if about is None else f"{printable(about.name)}  "
        self.total = len(kata.announced)
        self.done = 0
        self.failed = 0

    def check(self, check: Check) -> None:
        """Another check is done."""
        self.done += 1
        self.failed += not check.passed
        failed = f"  {self.failed} failed" if self.failed else ""
        doing = check.title.rstrip(".")
        if self.failed and self.done >= self.total:
            doing = LOOKING
        count = f"{self.done}/{self.total}{failed}"
        self.say(f"{self.about}{bar(self.done, self.total)} {count}  {doing} …")


def bar(done: int, total: int) -> str:
    """A bar, filled as far as something is done."""
    filled = WIDTH * min(done, total) // max(total, 1)
    return "━" * filled + "╌" * (WIDTH - filled)
