"""Commands that help: hints, and the solution."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.commands.common import Refusal, chosen, complete_kata, kata_and_file, memory
from grader.kata import Kata
from grader.store import Unavailable


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def hint(kata: str | None, file: Path | None) -> None:
    """Get the next hint: about your last named mistake, else one rung further."""
    from grader.coach import next_hint
    from grader.render.help import hint_text
    from grader.render.text import make_console

    found, path = kata_and_file(kata, file)
    with memory() as store:
        make_console().print(hint_text(found, next_hint(store, found, path)))


@click.command()
@click.argument("kata", shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Show it before you have passed, without asking.")
def solution(kata: str, file: Path | None, *, yes: bool) -> None:
    """Read the solution: freely after a pass; before it, this is noted."""
    from grader.coach import is_open, note_solution_seen
    from grader.render.help import solution_text
    from grader.render.text import make_console

    found = chosen(kata)
    path = file or Path(f"{found.slug}.py")
    with memory() as store:
        try:
            if not is_open(store, found, path):
                _confirm(found, yes=yes)
                note_solution_seen(store, found, path)
        except Unavailable as error:
            click.echo(f"note: not recorded: {error}", err=True)
    console = make_console()
    if console.is_terminal:
        console.print(solution_text(found))
    else:
        click.echo(found.solution.read_text(encoding="utf-8"), nl=False)


def _confirm(kata: Kata, *, yes: bool) -> None:
    question = (
        f"{kata.slug} is not passed yet. Reading the solution brings it back sooner. Read it?"
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal(f"{kata.slug} is not passed yet: --yes shows its solution all the same")
    if not click.confirm(question):
        raise click.Abort
