"""Commands that help: hints, explanations, and the solution."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.commands.common import complete_kata, complete_pitfall, kata_and_file, memory, say
from grader.kata.kata import Kata, all_katas, find
from grader.kata.mutants import Pitfall
from grader.kata.refused import Refused
from grader.report.verdict import Finding


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def hint(kata: str | None, file: Path | None) -> None:
    """Get the next hint: about your last named mistake, else one rung further."""
    from grader.practice.help import next_hint
    from grader.render.terminal.help import hint_text
    from grader.render.terminal.text import make_console

    found, path = kata_and_file(kata, file)
    with memory() as store:
        make_console().print(hint_text(found, next_hint(store, found, path)))


@click.command()
@click.argument("kata", shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Show it before you have passed, without asking.")
@click.option("--beside", is_flag=True, help="Show your file beside it.")
def solution(kata: str, file: Path | None, *, yes: bool, beside: bool) -> None:
    """Read the solution: freely after a pass; before it, this is noted."""
    from grader.practice.help import is_open, note_solution_seen
    from grader.practice.store import Unavailable
    from grader.render.terminal.help import beside_text, solution_text
    from grader.render.terminal.text import make_console

    found = find(kata)
    path = file or Path(f"{found.slug}.py")
    with memory() as store:
        try:
            if not is_open(store, found, path):
                _confirm(found, yes=yes)
                note_solution_seen(store, found, path)
        except Unavailable as error:
            say(f"note: not recorded: {error}", err=True)
    if beside:
        from grader.judge.source import read

        yours = read(path).decode("utf-8", "replace")
        make_console().print(beside_text(found, path.name, yours))
    elif sys.stdout.isatty():
        make_console().print(solution_text(found))
    else:
        click.echo(found.solution.read_text(encoding="utf-8"), nl=False)


@click.command()
@click.argument("pitfall", required=False, metavar="[PITFALL]", shell_complete=complete_pitfall)
@click.option("--list", "listing", is_flag=True, help="List the mistakes that have a name; with a "
              "word, those that speak of it.")  # fmt: skip
def explain(pitfall: str | None, *, listing: bool) -> None:
    """Tell the rest about a named mistake; without PITFALL, about those of your last attempt."""
    if listing:
        _list(pitfall or "")
        return
    from grader.kata.vocabulary import find_mistake
    from grader.render.terminal.pitfall import to_text
    from grader.render.terminal.text import make_console

    slug, names, told = _named_last(needed=pitfall is None)
    if pitfall is None and not names:
        raise Refused("your last attempt has no named mistake: give the name of one")
    katas, names = ([find(slug)], names) if pitfall is None else (all_katas(), (pitfall,))
    found = [one for name in names for one in find_mistake(katas, name)]
    make_console().print(to_text(found, told))


def _list(word: str) -> None:
    """All mistakes that have a name, each once; or those in whose name or words `word` occurs."""
    from grader.kata.pitfalls import load_pitfalls
    from grader.render.terminal.pitfall import list_text
    from grader.render.terminal.text import make_console

    known = [(kata, pitfall) for kata in all_katas() for pitfall in load_pitfalls(kata)]
    found = [(kata, pitfall) for kata, pitfall in known if _speaks_of(pitfall, word, kata)]
    if not found:
        raise Refused(f"no mistake speaks of `{word}`: `kata explain --list` shows them all")
    make_console().print(list_text(found))


def _speaks_of(pitfall: Pitfall, word: str, kata: Kata) -> bool:
    said = (pitfall.id, pitfall.title, pitfall.explanation)
    return word == kata.slug or any(word.lower() in text.lower() for text in said)


def _named_last(*, needed: bool) -> tuple[str, tuple[str, ...], dict[tuple[str, str], Finding]]:
    """Of your last attempt the kata, its mistakes by name, and what was said of them then.

    needed: whether a history that cannot be read is an error.
    """
    from grader.practice.attempts import last_attempt, report_of
    from grader.practice.store import Unavailable

    try:
        with memory() as store:
            last = last_attempt(store)
            report = report_of(store, last.number) if last is not None else None
    except Unavailable:
        if needed:
            raise
        return "", (), {}
    if last is None:
        return "", (), {}
    findings = report.diagnosis.findings if report is not None else ()
    return last.kata, last.mistakes, {(last.kata, f.pitfall): f for f in findings}


def _confirm(kata: Kata, *, yes: bool) -> None:
    question = (
        f"{kata.slug} is not passed yet. Reading the solution brings it back sooner. Read it?"
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{kata.slug} is not passed yet: --yes shows its solution all the same")
    if not click.confirm(question):
        raise click.Abort
