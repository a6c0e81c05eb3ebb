"""Commands for those who write katas."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from grader.commands.common import ACCEPTED, NOT_ACCEPTED, complete_kata, say
from grader.kata.kata import Kata, KataError, all_katas, find
from grader.kata.refused import Refused

ROOT = click.option(
    "--root", type=click.Path(path_type=Path),
    help="The folder that holds katas/; this checkout unless you say otherwise.",
)  # fmt: skip


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.option("--seed", type=int, help="Repeat the inputs of an earlier run.")
@ROOT
def verify(kata: str | None, seed: int | None, root: Path | None) -> None:
    """For authors: is a kata fit to be practised on? Without KATA, all of them."""
    try:
        katas = [find(kata, root)] if kata else all_katas(root)
    except KataError as error:
        raise Refused(str(error)) from None
    sys.exit(ACCEPTED if _verify(katas, seed) else NOT_ACCEPTED)


def _verify(katas: Sequence[Kata], seed: int | None) -> bool:
    """Verify katas one after another; whether all are fit."""
    from grader.author.gate import verify as gate
    from grader.judge.session import Session
    from grader.render.terminal.progress import LivingLine
    from grader.render.terminal.text import make_console
    from grader.render.terminal.verification import Watching, table

    console, aside = make_console(), make_console(stderr=True)
    outcomes = []
    with Session() as session, LivingLine(aside) as line:
        watching = Watching([kata.slug for kata in katas], aside, line)
        for kata in katas:
            outcomes.append(gate(kata, session, watching, seed))
    console.print(table(outcomes))
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(f"✗ {problem}", markup=False, soft_wrap=True)
        if not outcome.fit:
            again = f"kata verify {outcome.kata} --seed {outcome.seed}"
            console.print(f"{outcome.kata}: `{again}` repeats this", markup=False, soft_wrap=True)
    return all(outcome.fit for outcome in outcomes)


@click.command()
@click.argument("slug")
@click.option("--module", is_flag=True, help="A layer (nn.Module) instead of a function.")
@ROOT
def new(slug: str, root: Path | None, *, module: bool) -> None:
    """For authors: begin a kata called SLUG with files that already run."""
    from grader.author.scaffold import scaffold

    for file in scaffold(slug, root, module=module):
        say(f"wrote {file}")
    what = "attention in heads" if module else "plain attention"
    say(f"\nit is {what} so far: make it your own, as katas/README.md describes")
    there = "" if root is None else f" --root {shlex.quote(str(root))}"
    say(f"what is still missing:  kata verify {slug}{there}")
