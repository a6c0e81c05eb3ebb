"""`kata try`: the statement's example by hand, on your own file; no attempt is counted."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.common import ACCEPTED, NOT_ACCEPTED, complete_kata, kata_and_file, leave


@click.command("try")
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def try_(kata: str | None, file: Path | None) -> None:
    """Work out the statement's example with your file, beside what is right: no attempt."""
    from grader.judge.source import Source, open_submission
    from grader.render.terminal.by_hand import to_text
    from grader.render.terminal.text import make_console

    found, path = kata_and_file(kata, file)
    opened = open_submission(found, path, seed=0, device="cpu")
    if isinstance(opened, Source):
        from grader.judge.by_hand import by_hand
        from grader.judge.session import Session

        with Session() as session:
            tried = by_hand(found, opened, session.server)
    else:
        assert opened.failure is not None
        tried = opened.failure
    make_console().print(to_text(found, tried))
    leave(ACCEPTED if getattr(tried, "agrees", False) else NOT_ACCEPTED)
