"""Commands about what was practised: how it stands, what is next, an earlier text."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.common import complete_kata, memory, say
from grader.kata.kata import all_katas, find
from grader.kata.refused import Refused


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
def status(kata: str | None) -> None:
    """Show how everything stands, or the attempts at one KATA."""
    show_status(kata)


def show_status(kata: str | None = None) -> None:
    """Print how everything stands, and the next step; or the attempts at one kata."""
    from grader.practice import attempts
    from grader.practice.clock import now
    from grader.practice.standing import standing
    from grader.render.terminal.status import attempts_text, standing_text
    from grader.render.terminal.text import make_console

    console = make_console()
    with memory() as store:
        if kata is None:
            shown = standing_text(standing(store, all_katas()), console.width)
        else:
            found = find(kata)
            shown = attempts_text(
                found, attempts.attempts(store, found.slug), now().at, console.width
            )
    console.print(shown)


@click.command("next")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to.")
def next_(folder: Path) -> None:
    """Start what is due most, else the next rung of the ladder."""
    from grader.commands.katas import begin
    from grader.practice.next import following

    with memory() as store:
        found = following(store, folder)
    kata = found.kata
    say(f"{kata.slug}: {found.turn.why}\n")
    if not found.turn.due:
        say(f"everything is passed and nothing is due; to practise now: {_anew(kata.slug)}")
    elif found.going:
        again = f"(to begin anew: {_anew(kata.slug)})"
        say(f"go on in {found.file}: kata watch {kata.slug}\n{again}")
    else:
        begin(kata, folder, force=True)


def _anew(slug: str) -> str:
    return f"kata start {slug} --force"


@click.command()
@click.argument("kata", shell_complete=complete_kata)
@click.option("--attempt", "number", type=int, help="Its number, as `kata status KATA` shows it.")
@click.option("--show", is_flag=True, help="Print the text instead of writing the file.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to.")
def restore(kata: str, number: int | None, folder: Path, *, show: bool) -> None:
    """Bring back the text of an earlier attempt: the last that differs from the file, or any."""
    from grader.practice import attempts
    from grader.practice.workspace import put

    found = find(kata)
    file = folder / f"{found.slug}.py"
    with memory() as store:
        kept = attempts.attempts(store, found.slug)
        texts = ((a, attempts.text_of(store, a.sha256) or "") for a in reversed(kept))
        if number is not None:
            wanted = next(((a, t) for a, t in texts if a.number == number), None)
        else:
            now = file.read_bytes() if file.is_file() else b""
            wanted = next(((a, t) for a, t in texts if t and t.encode() != now), None)
    if wanted is None:
        which = f"no attempt {number}" if number is not None else "no other attempt"
        raise Refused(f"there is {which} at {found.slug}: `kata status {found.slug}` shows them")
    attempt, text = wanted
    if show:
        click.echo(text, nl=False)
        return
    written = put(file, text, force=True)
    if written.backup is not None:
        say(f"kept what was there as {written.backup}")
    say(f"wrote {file}: attempt {attempt.number}, {attempt.verdict.replace('_', ' ')}")
