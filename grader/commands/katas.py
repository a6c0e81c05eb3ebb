"""Commands about the katas themselves: list them, read one, begin one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.commands.common import complete_kata, memory, say
from grader.kata.kata import Kata, all_katas, find
from grader.kata.keys import TRACKS
from grader.kata.refused import Refused

ALL = "all"


@click.command("list")
@click.option(
    "--track",
    type=click.Choice([*TRACKS, ALL]),
    help="Climb this ladder from now on: kata next follows it.",
)
def list_(track: str | None) -> None:
    """Show the katas by ladder, from the first rung up: passed, stars, due, how often asked."""
    from grader.practice.standing import choose, standing
    from grader.render.terminal.status import ladder_text
    from grader.render.terminal.text import make_console

    console, katas = make_console(), all_katas()
    if track not in (None, ALL, *(kata.track for kata in katas)):
        raise Refused(f"no kata is a rung of the ladder `{track}` yet: kata list shows them all")
    with memory() as store:
        if track is not None:
            choose(store, "" if track == ALL else track)
        stands = standing(store, katas)
    shown = [kata for kata in katas if track in (None, ALL, kata.track)]
    console.print(ladder_text(shown, stands))


@click.command()
@click.argument("kata", shell_complete=complete_kata)
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to.")
@click.option("--force", is_flag=True, help="Begin anew; existing work is kept as a backup.")
def start(kata: str, folder: Path, *, force: bool) -> None:
    """Write a kata's stub into the current folder."""
    begin(find(kata), folder, force=force)


def begin(kata: Kata, folder: Path, *, force: bool) -> None:
    """Write the stub, remember that its time runs, and say what to type next."""
    from grader.practice import attempts
    from grader.practice.standing import standing

    with memory() as store:
        undone = standing(store, all_katas()).undone(kata.slug) if kata.after else ()
        started, unremembered = attempts.begin(store, kata, folder, force=force)
    if started.backup is not None:
        say(f"kept your earlier work as {started.backup}")
    say(f"wrote {started.file}: {kata.title}, about {kata.par_minutes} minutes\n")
    say(f"  {kata.entry.signature}")
    say(f"  {kata.summary}\n")
    if undone:
        say(f"it builds on {' and '.join(undone)}, not passed yet: kata start {undone[0]}\n")
    where = "" if folder == Path() else f" {started.file}"
    say(f"the whole statement:    kata show {kata.slug}")
    if kata.example is not None:
        say(f"its example, by hand:   kata try {kata.slug}{where}")
    say(f"write it, then:         kata grade {kata.slug}{where}")
    say(f"or, on every save:      kata watch {kata.slug}{where}")
    if unremembered:
        say(f"(not remembered, so name the kata when you grade: {unremembered})", err=True)


@click.command()
@click.argument("katas", metavar="KATA", nargs=-1, required=True, shell_complete=complete_kata)
@click.option("--compare", is_flag=True, help="Of several katas: their weights on five tokens.")
def show(katas: tuple[str, ...], *, compare: bool) -> None:
    """Read a kata's statement; or see what several make of the same five tokens."""
    if compare:
        _compare([find(kata) for kata in katas])
        return
    if len(katas) > 1:
        beside = f"kata show --compare {' '.join(katas)}"
        raise Refused(f"one statement at a time; to see what they do to the same tokens: {beside}")
    found = find(katas[0])
    from rich.markdown import Markdown

    from grader.render.terminal.text import make_console

    text = found.text("README.md")
    if sys.stdout.isatty():
        make_console().print(Markdown(text))
    else:
        click.echo(text)


def _compare(katas: list[Kata]) -> None:
    """Draw the weights of their solutions beside each other."""
    from grader.judge.compared import TOKENS, weighed
    from grader.render.terminal.heatmap import Matrices
    from grader.render.terminal.text import make_console

    console, shown = make_console(), weighed(katas)
    tokens = "  ".join(" ".join(f"{x:g}" for x in token) for token in TOKENS)
    say(f"five tokens: {tokens}\nevery projection is the identity\n")
    console.print(Matrices(tuple((one.slug, one.weights) for one in shown)))
