"""The `kata grade` command: read the file, grade it with a progress line, print the report."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from grader.cli import ACCEPTED, NOT_ACCEPTED, OUR_FAULT, Refusal
from grader.kata import Kata
from grader.launch import NoDevice
from grader.session import Session, fresh_seed, refused
from grader.submission import NoSuchFile, Source, parse, read
from grader.verdict import Check, Fault, Report, Submission, Tier, Verdict


@dataclass(frozen=True)
class Order:
    """What is to be graded, and how the result is wanted."""

    kata: Kata
    path: Path
    device: str = "auto"
    seed: int | None = None
    form: str = "text"
    verbose: bool = False


def run(order: Order) -> int:
    """Grade and print; returns the exit status."""
    try:
        data = read(order.path)
    except NoSuchFile as error:
        raise Refusal(str(error)) from None
    seed = fresh_seed() if order.seed is None else order.seed
    device = "cpu" if order.device == "auto" else order.device
    submission = Submission(str(order.path), hashlib.sha256(data).hexdigest())
    try:
        source = parse(order.path, data, order.kata.text("stub.py"))
        report = _grade(order, source, seed, device)
    except Fault as fault:
        report = refused(order.kata, submission, fault, seed, device)
    except NoDevice as error:
        raise Refusal(str(error)) from None
    except Exception as error:  # whatever else happens is our fault, and says so in one line
        if os.environ.get("KATA_DEBUG"):
            raise
        report = _our_fault(order.kata, submission, error, seed, device)
    _print(report, order)
    if report.verdict is Verdict.INTERNAL_ERROR:
        return OUR_FAULT
    return ACCEPTED if report.verdict is Verdict.ACCEPTED else NOT_ACCEPTED


def _grade(order: Order, source: Source, seed: int, device: str) -> Report:
    from grader.render.progress import Progress

    with Progress(order.kata, quiet=order.form != "text") as progress:
        progress.say("importing torch")
        with Session(device) as session:
            progress.say("loading your submission")
            return session.grade(order.kata, source, seed, progress.check)


def _our_fault(
    kata: Kata, submission: Submission, error: Exception, seed: int, device: str
) -> Report:
    message = (
        f"{type(error).__name__}: {error}; your submission was not judged. "
        "Please report this with the seed; KATA_DEBUG=1 shows more"
    )
    failure = Check(
        "grader", "The grader works", "robustness", Tier.REQUIRED, Verdict.INTERNAL_ERROR, message
    )
    return replace(Report(kata.slug, seed, device, 0.0, submission), failure=failure)


def _print(report: Report, order: Order) -> None:
    if order.form == "json":
        from grader.render.document import to_json

        click.echo(to_json(report))
        return
    from grader.render.text import make_console, to_text

    make_console().print(to_text(report, verbose=order.verbose))
    sys.stdout.flush()
