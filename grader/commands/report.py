"""`kata report`: an attempt, an interview, or everything practised, to be read again or shown."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import memory, say
from grader.kata.kata import all_katas
from grader.kata.refused import Refused

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.interview.score.scorecard import Scorecard
    from grader.practice.attempts import Attempt
    from grader.practice.store import Store
    from grader.report.verdict import Report

LATEST = 12
"""Attempts that the page of one's history tells in full."""
TOP = 4096
"""Bytes of a file in which a page of ours says what it is."""


@dataclass(frozen=True)
class Wanted:
    """What is to be told; the last attempt where nothing is said."""

    attempt: int | None
    round: int | None
    history: bool


@click.command()
@click.option("--attempt", type=int, help="An attempt's number; else the last one.")
@click.option("--round", "round_", type=int, help="An interview's number.")
@click.option("--history", is_flag=True, help="Everything practised so far.")
@click.option(
    "--html", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
    help="Write one HTML file that needs nothing else; - is the standard output.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Let --html replace a file that is no kata report.")
def report(
    attempt: int | None, round_: int | None, html: Path | None, *, history: bool, force: bool
) -> None:
    """Read a report again: of an attempt, of an interview, or of everything."""
    if (attempt is not None) + (round_ is not None) + history > 1:
        raise Refused("--attempt, --round and --history exclude each other: give one of them")
    wanted = Wanted(attempt, round_, history)
    if html is None:
        from grader.render.terminal.text import make_console

        console = make_console()
        with memory() as store:
            shown = _as_text(store, wanted, console.width)
        console.print(shown)
        return
    with memory() as store:
        page = _as_page(store, wanted)
    if str(html) == "-":
        click.echo(page)
        return
    write_page(html, page, force=force)
    say(f"wrote {html}")


def _as_text(store: Store, wanted: Wanted, width: int) -> RenderableType:
    if wanted.history:
        from grader.practice.standing import standing
        from grader.render.terminal.status import standing_text

        return standing_text(standing(store, all_katas()), width)
    if wanted.round is not None:
        from grader.render.terminal.scorecard import to_text as card_text

        return card_text(_card(store, wanted.round))
    from grader.render.terminal.text import to_text

    return to_text(_attempt(store, wanted.attempt)[1])


def _as_page(store: Store, wanted: Wanted) -> str:
    from grader.render.html.page import attempt_page, history_page, round_page

    if wanted.history:
        from grader.practice.attempts import report_of
        from grader.practice.standing import standing

        stands = standing(store, all_katas())
        latest = [(a, report_of(store, a.number)) for a in stands.attempts[: -LATEST - 1 : -1]]
        return history_page(stands, [(a, found) for a, found in latest if found is not None])
    if wanted.round is not None:
        return round_page(_card(store, wanted.round))
    attempt, found = _attempt(store, wanted.attempt)
    return attempt_page(found, when=attempt.at)


def _attempt(store: Store, number: int | None) -> tuple[Attempt, Report]:
    from grader.practice import attempts

    if number is None:
        found = attempts.last_attempt(store)
        if found is None:
            raise Refused("nothing was graded yet: `kata grade` records what it grades")
    else:
        found = attempts.attempt(store, number)
        if found is None:
            raise Refused(f"there is no attempt {number}: `kata status KATA` shows their numbers")
    kept = attempts.report_of(store, found.number)
    if kept is None:
        raise Refused(
            f"the report of attempt {found.number} can no longer be read: grade the text again, "
            f"which `kata restore {found.kata} --attempt {found.number}` brings back"
        )
    return found, kept


def _card(store: Store, number: int) -> Scorecard:
    from grader.interview.record.log import card

    found = card(store, number)
    if found is None:
        raise Refused(f"there is no interview {number}: `kata interview` begins one")
    return found


def write_page(file: Path, page: str, *, force: bool) -> None:
    """Write a page, all of it or nothing, and never over anything but a page of ours."""
    try:
        target = file.resolve()
        if target.is_dir():
            raise Refused(f"{file} is a folder: name a file in it")
        if target.exists() and not target.is_file():
            raise Refused(f"{file} is not a regular file: name one, or - for the standard output")
        if not force and target.exists() and not _ours(target):
            raise Refused(f"{file} is not a kata report: --force replaces it all the same")
        _replace(target, page)
    except (OSError, RuntimeError) as error:  # a circle of links is either, by version
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Refused(f"{file} cannot be written: {reason}; name another file") from None


def _ours(file: Path) -> bool:
    from grader.render.html.page import is_page

    with file.open("rb") as stream:
        return is_page(stream.read(TOP).decode("utf-8", "replace"))


def _replace(target: Path, page: str) -> None:
    draft = target.with_name(f".kata-report.{secrets.token_hex(6)}")
    try:
        with draft.open("x", encoding="utf-8") as stream:
            stream.write(page)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
