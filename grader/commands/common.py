"""What the commands share: exit statuses, refusals, and finding what an argument names."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from grader.kata.kata import Kata, all_katas, find
from grader.kata.refused import Refused
from grader.worker.sandbox import LEVELS

if TYPE_CHECKING:
    from grader.practice.store import Store

ACCEPTED, NOT_ACCEPTED, USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


AUTHORS = "For authors:"
"""How the help of a command begins that learners need not know."""
WORDS_OF_HELP = 400
"""Characters of help in the list of commands: whatever the first sentence has."""


class Refusal(click.ClickException):
    """A request that cannot be met, as click shows it: one line, and the status of misuse."""

    exit_code = USAGE


class Commands(click.Group):
    """The one place where a refusal, wherever it was raised, becomes what the person reads."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, those for authors under a heading of their own."""
        everyone: list[tuple[str, str]] = []
        authors: list[tuple[str, str]] = []
        for name in self.list_commands(ctx):
            said = self.commands[name].get_short_help_str(WORDS_OF_HELP)
            own = said.removeprefix(AUTHORS).strip()
            (everyone if own == said else authors).append((name, own[:1].upper() + own[1:]))
        for title, rows in (("Commands", everyone), ("For authors of katas", authors)):
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run what was asked for."""
        try:
            return super().invoke(ctx)
        except Refused as refused:
            from grader.report.words import printable

            raise Refusal(printable(str(refused))) from None


def _confine(_context: click.Context, _parameter: click.Parameter, level: str | None) -> None:
    """Have every judge from here on, in whichever process, confine its workers so."""
    if level is not None:
        os.environ["KATA_SANDBOX"] = level


sandbox_option = click.option(
    "--sandbox",
    type=click.Choice(LEVELS),
    expose_value=False,
    callback=_confine,
    help="How the code is confined: partial is the kernel's sandbox; auto the best there is.",
)


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines; on a terminal they end between words, elsewhere where they end."""
    from grader.report.words import folded

    stream = sys.stderr if err else sys.stdout
    with contextlib.suppress(OSError, ValueError):
        if stream.isatty():
            text = folded(text, os.get_terminal_size(stream.fileno()).columns)
    click.echo(text, err=err)


def complain(error: click.ClickException) -> None:
    """Say what was wrong with a command, as click words it."""
    said = io.StringIO()
    error.show(said)
    say(said.getvalue().rstrip("\n"), err=True)


def complete_kata(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Katas whose name begins like that, for the shell's completion."""
    return [kata.slug for kata in all_katas() if kata.slug.startswith(begun)]


def complete_pitfall(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Mistakes whose name begins like that."""
    from grader.kata.vocabulary import names

    return sorted(name for name in names(all_katas()) if name.startswith(begun))


def complete_round(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Ready-made rounds whose name begins like that."""
    from grader.interview.round.rounds import ready_made

    return [file.stem for file in ready_made() if file.stem.startswith(begun)]


def kata_and_file(kata: str | None, file: Path | None) -> tuple[Kata, Path]:
    """The kata last started in this folder and its file, unless the arguments say otherwise."""
    if kata is None:
        kata = _last_started()
    if file is None and kata.endswith(".py"):
        file, kata = Path(kata), Path(kata).stem
    found = find(kata)
    return found, file if file is not None else Path(f"{found.slug}.py")


def _last_started() -> str:
    from grader.practice.attempts import last_started

    with memory() as store:
        slug = last_started(store, Path())
    if slug is None:
        raise Refused("no kata was started in this folder: `kata start sdpa` begins one")
    return slug


@contextlib.contextmanager
def memory() -> Iterator[Store]:
    """The user's database; what became of a damaged one is said at the end."""
    from grader.practice.store import Store

    with Store() as store:
        try:
            yield store
        finally:
            for notice in store.notices:
                say(f"note: {notice}", err=True)


def leave(status: int) -> NoReturn:
    """End at once: with torch loaded, an orderly end of the interpreter takes 0.1 s and more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
