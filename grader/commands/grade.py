"""`kata grade`: read the file, grade it with a progress line, print the report, remember it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import (
    ACCEPTED,
    NOT_ACCEPTED,
    OUR_FAULT,
    complete_kata,
    kata_and_file,
    leave,
    sandbox_option,
    say,
)
from grader.kata.kata import Kata

if TYPE_CHECKING:
    from grader.judge.session import Session
    from grader.judge.source import Source
    from grader.practice.attempts import Recorded
    from grader.report.verdict import Report


@dataclass(frozen=True)
class Options:
    """What is to be graded, and how the result is wanted."""

    kata: Kata
    path: Path
    device: str
    seed: int | None
    form: str
    verbose: bool
    record: bool


@click.command()
@click.argument("kata", required=False, shell_complete=complete_kata)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto",
    help="Where the submission computes; auto is the CPU.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Repeat the inputs of a grade.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "html"]), default="text",
    help="What to print.",
)  # fmt: skip
@sandbox_option
@click.option("-v", "--verbose", is_flag=True, help="List every check.")
@click.option("--no-record", is_flag=True, help="Keep this attempt out of your history.")
def grade(
    kata: str | None, files: tuple[Path, ...], device: str, seed: int | None, form: str, *,
    verbose: bool, no_record: bool,
) -> None:  # fmt: skip
    """Grade a submission: KATA's file in this folder, or FILE.

    Several files get a row each, and are no attempts of yours.
    """
    if kata is not None and kata.endswith(".py") and files:
        raise click.UsageError("name the kata before the files: kata grade KATA FILE…")
    found, path = kata_and_file(kata, files[0] if files else None)
    options = Options(found, path, device, seed, form, verbose, not no_record)
    if len(files) < 2:
        leave(run(options))
    if form == "html":
        raise click.UsageError("--format html is for one file: name one")
    leave(run_all([replace(options, path=file) for file in files]))


def run(options: Options) -> int:
    """Grade, remember and print; returns the exit status."""
    begun = time.perf_counter()
    report = replace(_graded(options), seconds=time.perf_counter() - begun)
    recorded = _remember(options, report) if options.record else None
    _print(report, options, recorded)
    return _status(report)


def run_all(each: Sequence[Options]) -> int:
    """Grade one file after another, a row each; the exit status of the worst."""
    from grader.judge.session import Session, fresh_seed
    from grader.judge.source import Source, open_submission

    first = each[0]
    device = "cpu" if first.device == "auto" else first.device
    seed = fresh_seed() if first.seed is None else first.seed  # the same inputs for all of them
    opened = [open_submission(o.kata, o.path, seed=seed, device=device) for o in each]
    wide = max(len(str(options.path)) for options in each)
    statuses = []
    with (
        Session(device) if any(isinstance(o, Source) for o in opened) else nullcontext() as session
    ):
        for options, one in zip(each, opened, strict=True):
            if isinstance(one, Source):
                assert session is not None
                report = _of_many(session, options, one, seed, device)
            else:
                report = one
            _print_row(report, first.form, wide)
            statuses.append(_status(report))
    return max(statuses)


def _of_many(session: Session, options: Options, one: Source, seed: int, device: str) -> Report:
    from grader.judge.source import report_failure
    from grader.render.terminal.progress import Progress

    try:
        with Progress(options.kata, quiet=options.form != "text", about=options.path) as progress:
            return session.grade(options.kata, one, seed, progress.check)
    except Exception as error:
        return report_failure(options.kata, one, error, seed=seed, device=device)


def _print_row(report: Report, form: str, wide: int) -> None:
    if form == "json":  # a document a line
        import json

        from grader.report.document import to_document

        click.echo(json.dumps(to_document(report), ensure_ascii=False))
        return
    from grader.render.terminal.text import make_console, to_row

    make_console().print(to_row(report, wide))
    sys.stdout.flush()


def _status(report: Report) -> int:
    from grader.report.verdict import Verdict

    if report.verdict is Verdict.INTERNAL_ERROR:
        return OUR_FAULT
    return ACCEPTED if report.verdict is Verdict.ACCEPTED else NOT_ACCEPTED


def _graded(options: Options) -> Report:
    """The report: at once where the file is no submission, else from a judge in this process."""
    from grader.judge.session import fresh_seed
    from grader.judge.source import Source, open_submission, report_failure

    seed = fresh_seed() if options.seed is None else options.seed
    device = "cpu" if options.device == "auto" else options.device
    opened = open_submission(options.kata, options.path, seed=seed, device=device)
    if not isinstance(opened, Source):
        return opened
    try:
        return _judged(options, opened, seed, device)
    except Exception as error:
        return report_failure(options.kata, opened, error, seed=seed, device=device)


def _judged(options: Options, source: Source, seed: int, device: str) -> Report:
    from grader.judge.session import Session
    from grader.render.terminal.progress import Progress

    with Progress(options.kata, quiet=options.form != "text") as progress:
        progress.say("importing torch …")
        with Session(device) as session:
            progress.say("loading your submission …")
            return session.grade(options.kata, source, seed, progress.check)


def _remember(options: Options, report: Report) -> Recorded | None:
    from grader.practice.attempts import remember
    from grader.practice.store import Store

    with Store() as store:
        recorded, note = remember(store, options.kata, report, options.path, source="grade")
    if note:
        say(f"note: {note}", err=True)
    return recorded


def _print(report: Report, options: Options, recorded: Recorded | None) -> None:
    if options.form == "json":
        from grader.report.document import to_json

        click.echo(to_json(report))
        return
    if options.form == "html":
        from grader.render.html.page import attempt_page

        click.echo(attempt_page(report))
        return
    from grader.render.terminal.text import make_console, to_text

    console = make_console()
    console.print(to_text(report, verbose=options.verbose))
    if recorded is not None and recorded.rating is not None:
        from grader.practice.clock import now
        from grader.render.terminal.status import passed_text

        console.print(passed_text(options.kata, recorded, now().at))
    sys.stdout.flush()
