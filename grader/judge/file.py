"""From a file to what can be graded, or to the report it comes to by itself; nothing is run."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from grader.judge.source import Source, parse, read
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.verdict import Check, Fault, Report, Submission, Tier, Verdict, refused

Opened = Source | Report
"""A submission to be graded; or the finished report of one that cannot be."""


class Cancelled(Exception):
    """The grade was called off."""


def open_submission(kata: Kata, path: Path, *, seed: int, device: str) -> Opened:
    """Read a file, once and bounded. Raises Refused where there is none.

    Seed and device are what a report says of the grade.
    """
    return open_bytes(kata, path, read(path), seed=seed, device=device)


def open_bytes(kata: Kata, path: Path, data: bytes, *, seed: int, device: str) -> Opened:
    """The same for what was read from a file, or would be written to it."""
    try:
        return parse(path, data, kata.text("stub.py"))
    except Exception as error:
        digest = hashlib.sha256(data).hexdigest()
        unread = Source(path, data.decode("utf-8", "replace"), digest)
        return report_failure(kata, unread, error, seed=seed, device=device)


def report_failure(
    kata: Kata, source: Source, error: Exception, *, seed: int, device: str
) -> Report:
    """The report of a grade that ended with an exception: the candidate's fault, else our own.

    Raises what is no verdict at all: a refusal, or a grade that was called off.
    """
    if isinstance(error, Refused | Cancelled):
        raise error
    submission = Submission(str(source.path), source.sha256, source=source.text)
    if isinstance(error, Fault):
        return refused(kata.slug, submission, error, seed, device)
    if os.environ.get("KATA_DEBUG"):
        raise error
    message = (
        f"{type(error).__name__}: {error}; your submission was not judged. "
        "Please report this with the seed; KATA_DEBUG=1 shows more"
    )
    failure = Check(
        "grader", "The grader works", "robustness", Tier.REQUIRED, Verdict.INTERNAL_ERROR, message
    )
    return Report(kata.slug, seed, device, 0.0, submission, failure=failure)
