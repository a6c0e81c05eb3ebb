"""The command line. Nothing here imports torch: commands that do not grade answer at once."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from grader import __version__
from grader.kata import Kata, KataError, all_katas, find

ACCEPTED, NOT_ACCEPTED, USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


class Refusal(click.ClickException):
    """A request that cannot be met, in one line that names fault and remedy."""

    exit_code = USAGE


def _find(slug: str) -> Kata:
    try:
        return find(slug)
    except KataError as error:
        raise Refusal(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kata")
def cli() -> None:
    """Practise writing attention by hand, and be told which mistake you made."""


@cli.command("list")
def list_() -> None:
    """Show the katas, from the first rung of the ladder up."""
    katas = all_katas()
    width = max(len(kata.slug) for kata in katas)
    for kata in katas:
        click.echo(
            f"{kata.rung:>2}  {kata.slug:<{width}}  {kata.level:<6}  {kata.par_minutes:>2} min  "
            f"{kata.summary}"
        )
    click.echo(f"\nbegin with: kata start {katas[0].slug}")


@cli.command()
@click.argument("kata")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to.")
@click.option("--force", is_flag=True, help="Begin anew; existing work is kept as a backup.")
def start(kata: str, folder: Path, *, force: bool) -> None:
    """Write a kata's stub into the current folder."""
    from grader.state import remember_start
    from grader.workspace import CannotWrite
    from grader.workspace import start as write_stub

    chosen = _find(kata)
    try:
        started = write_stub(chosen, folder, force=force)
    except CannotWrite as error:
        raise Refusal(str(error)) from None
    remembered = remember_start(folder, chosen.slug)
    if started.backup is not None:
        click.echo(f"kept your earlier work as {started.backup}")
    click.echo(f"wrote {started.file}: {chosen.title}, about {chosen.par_minutes} minutes\n")
    click.echo(f"  {chosen.entry.signature}")
    click.echo(f"  {chosen.summary}\n")
    where = "" if folder == Path() else f" {started.file}"
    click.echo(f"the whole statement:    kata show {chosen.slug}")
    click.echo(f"write it, then:         kata grade {chosen.slug}{where}")
    if not remembered:
        click.echo("(this folder's kata could not be remembered: name it when you grade)", err=True)


@cli.command()
@click.argument("kata")
def show(kata: str) -> None:
    """Read a kata's statement."""
    chosen = _find(kata)
    from rich.markdown import Markdown

    from grader.render.text import make_console

    text = chosen.text("README.md")
    console = make_console()
    console.print(Markdown(text)) if console.is_terminal else click.echo(text)


@cli.command()
@click.argument("kata", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto",
    help="Where the submission computes; auto is the CPU.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeat the inputs of a grade.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print."
)
@click.option("-v", "--verbose", is_flag=True, help="List every check.")
def grade(
    kata: str | None, file: Path | None, device: str, seed: int | None, form: str, *, verbose: bool
) -> None:
    """Grade a submission: KATA's file in this folder, or FILE."""
    from grader.grade import Order, run

    chosen, path = _what_to_grade(kata, file)
    order = Order(chosen, path, device, seed, form, verbose)
    _leave(run(order))


def _leave(status: int) -> NoReturn:
    """End at once: with torch loaded, an orderly end of the interpreter takes 0.1 s and more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _what_to_grade(kata: str | None, file: Path | None) -> tuple[Kata, Path]:
    if kata is None:
        from grader.state import last_started

        kata = last_started(Path())
        if kata is None:
            raise Refusal("no kata was started in this folder: `kata start sdpa` begins one")
    if file is None and kata.endswith(".py"):
        file, kata = Path(kata), Path(kata).stem
    chosen = _find(kata)
    return chosen, file if file is not None else Path(f"{chosen.slug}.py")


@cli.command()
@click.argument("pitfall")
def explain(pitfall: str) -> None:
    """Tell the rest about a named mistake."""
    from grader.pitfalls import find_pitfall
    from grader.render.pitfall import to_text
    from grader.render.text import make_console

    try:
        found = find_pitfall(all_katas(), pitfall)
    except KataError as error:
        raise Refusal(str(error)) from None
    make_console().print(to_text(found))


@cli.command()
@click.argument("kata", required=False)
@click.option("--seed", type=int, help="Repeat the inputs of an earlier run.")
def verify(kata: str | None, seed: int | None) -> None:
    """For authors: is a kata fit to be practised on? Without KATA, all of them."""
    from grader.render.verification import run

    chosen = [_find(kata)] if kata else all_katas()
    sys.exit(ACCEPTED if run(chosen, seed) else NOT_ACCEPTED)


@cli.command()
@click.argument("slug")
@click.option("--module", is_flag=True, help="A layer (nn.Module) instead of a function.")
@click.option(
    "--root", type=click.Path(path_type=Path),
    help="The folder that holds katas/; this checkout unless you say otherwise.",
)  # fmt: skip
def new(slug: str, root: Path | None, *, module: bool) -> None:
    """For authors: begin a kata called SLUG with files that already run."""
    from grader.scaffold import CannotScaffold, scaffold

    try:
        files = scaffold(slug, root, module=module)
    except (CannotScaffold, KataError) as error:
        raise Refusal(str(error)) from None
    for file in files:
        click.echo(f"wrote {file}")
    click.echo("\nit is plain attention so far: make it your own, as katas/README.md describes")
    click.echo(f"what is still missing:  kata verify {slug}")


def main(arguments: list[str] | None = None) -> NoReturn:
    """The `kata` command."""
    from grader.isolation import leave_local_modules_out

    leave_local_modules_out()
    # Being told to end is like Ctrl-C: workers and folders are cleared away first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result: Any = cli.main(arguments, standalone_mode=False)
        sys.exit(result if isinstance(result, int) else ACCEPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(INTERRUPTED)
    except KataError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(OUR_FAULT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has left
        sys.exit(ACCEPTED)
    except Exception as error:
        if os.environ.get("KATA_DEBUG"):
            raise
        click.echo(
            f"Error: {type(error).__name__}: {error} (ours; KATA_DEBUG=1 shows more)", err=True
        )
        sys.exit(OUR_FAULT)
