"""Practise in a notebook: `%load_ext grader.notebook`, then `%%kata sdpa` above an answer.

A cell so marked is graded and not run: its text goes to a judge in another process, which starts
with the first such cell and stays warm until the kernel ends. Nothing of it meets the kernel's own
names, and what it breaks is not the kernel.
"""

from __future__ import annotations

import atexit
import io
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.kata.kata import Kata, KataError, find
from grader.kata.refused import Refused
from grader.report.verdict import Report
from grader.report.words import CELL

if TYPE_CHECKING:
    from grader.judge.remote import RemoteJudge

WIDTH = 100
"""Columns of a report where a notebook cannot show HTML."""


@dataclass(frozen=True)
class Options:
    """What the line behind `%%kata` asks for."""

    kata: Kata
    seed: int | None
    device: str


@click.command("%%kata", add_help_option=False)
@click.argument("kata")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1))
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto")
def read_line(kata: str, seed: int | None, device: str) -> Options:
    """Understand what stands behind `%%kata`."""
    return Options(find(kata), seed, "cpu" if device == "auto" else device)


class Notebook:
    """The magic of one kernel, and its judges."""

    def __init__(self) -> None:
        self.judges: dict[str, RemoteJudge] = {}
        """One for each device that was asked for."""

    def kata(self, line: str, cell: str) -> None:
        """Grade this cell: %%kata KATA [--seed N] [--device cpu|cuda|mps]."""
        from IPython.core.error import UsageError
        from IPython.display import display

        from grader.judge.source import Cancelled

        try:
            options: Options = read_line.main(shlex.split(line), standalone_mode=False)
            # The line of the magic counts: numbers in the report are those of the cell.
            report = self.grade(options, f"\n{cell}")
        except click.ClickException as error:
            raise UsageError(f"{error.format_message()} (%%kata KATA [--seed N])") from None
        except (Refused, KataError, ValueError, OSError) as error:
            raise UsageError(str(error)) from None
        except (KeyboardInterrupt, Cancelled):
            self.cancel()
            raise UsageError("stopped: this cell was not graded") from None
        display(  # type: ignore[no-untyped-call]
            {"text/html": _as_html(report), "text/plain": as_text(report)}, raw=True
        )

    def grade(self, options: Options, text: str) -> Report:
        """Grade and remember a text; a judge that died since the last one is started anew."""
        from grader.judge.remote import RemoteJudge

        if options.device not in self.judges:
            self.judges[options.device] = RemoteJudge(options.device)
        path = Path(f"{options.kata.slug}{CELL}")
        report = self.judges[options.device].grade_text(options.kata, path, text, options.seed)
        _remember(options.kata, report, path)
        return report

    def cancel(self) -> None:
        """Call off what is being graded; the next cell starts a judge again."""
        for judge in self.judges.values():
            judge.cancel()

    def close(self) -> None:
        """End the judges."""
        while self.judges:
            self.judges.popitem()[1].close()


def _as_html(report: Report) -> str:
    from grader.render.html.page import attempt_fragment

    return attempt_fragment(report)


def as_text(report: Report) -> str:
    """The report for notebooks that are read without HTML."""
    from rich.console import Console

    from grader.render.terminal.text import to_text

    console = Console(file=io.StringIO(), width=WIDTH, highlight=False, no_color=True)
    with console.capture() as captured:
        console.print(to_text(report))
    return captured.get()


def _remember(kata: Kata, report: Report, path: Path) -> None:
    from grader.practice.attempts import remember
    from grader.practice.store import Store

    with Store() as store:
        _, note = remember(store, kata, report, path, source="notebook")
    if note:
        print(f"note: {note}", file=sys.stderr)


def load_ipython_extension(shell: Any) -> None:
    """Make `%%kata` known; what `%load_ext grader.notebook` calls."""
    notebook = Notebook()
    shell.register_magic_function(notebook.kata, magic_kind="cell", magic_name="kata")
    atexit.register(notebook.close)


def unload_ipython_extension(shell: Any) -> None:
    """Forget `%%kata` and end its judges; what `%unload_ext grader.notebook` calls."""
    magic = shell.magics_manager.magics["cell"].pop("kata", None)
    notebook = getattr(magic, "__self__", None)
    if isinstance(notebook, Notebook):
        notebook.close()
        atexit.unregister(notebook.close)
