"""`kata watch`: practise with a verdict on every save."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from grader.commands.common import complete_kata, kata_and_file, memory, sandbox_option, say


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--poll", is_flag=True, help="Look at intervals: for network drives.")
@click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), default="cpu")
@sandbox_option
def watch(kata: str | None, file: Path | None, device: str, *, poll: bool) -> None:
    """Grade KATA's file, or FILE, again on every save. Keys are shown on the screen."""
    from grader.commands.katas import begin
    from grader.watch.keys import is_lively, keyboard
    from grader.watch.loop import Watch, suspend_with
    from grader.watch.screen import FullScreen, Paper

    found, path = kata_and_file(kata, file)
    if not path.exists() and file is None:
        begin(found, Path(), force=False)
    lively = is_lively()
    with memory() as store, contextlib.ExitStack() as stack:
        watching = Watch(found, path, FullScreen() if lively else Paper(), store, poll, device)
        if lively:
            stack.enter_context(keyboard(0))
            suspend_with(watching.surface, watching.mailbox)
        board = watching.run()
    if lively and board.report is not None:
        say(f"{board.kata.slug}: {board.note}  ({board.summary()})")
