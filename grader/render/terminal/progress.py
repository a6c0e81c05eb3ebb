"""One line that lives while grading, on a terminal only. It needs no thread: checks move it."""

from __future__ import annotations

from typing import Self

from rich.live import Live
from rich.text import Text

from grader.kata.kata import Kata
from grader.render.terminal.text import make_console
from grader.report.verdict import Check


class Progress:
    """A context manager around a grade."""

    def __init__(self, kata: Kata, *, quiet: bool = False) -> None:
        self.total = len(kata.announced)
        self.done = 0
        self.failed = 0
        console = make_console(stderr=True)
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
            self.live.update(Text(f"{what} …", "dim"), refresh=True)

    def check(self, check: Check) -> None:
        """Another check is done."""
        self.done += 1
        self.failed += not check.passed
        width = 30
        filled = width * self.done // max(self.total, 1)
        bar = "━" * filled + "╌" * (width - filled)
        failed = f"  {self.failed} failed" if self.failed else ""
        self.say(f"{bar} {self.done}/{self.total}{failed}  {check.title.rstrip('.')}")
