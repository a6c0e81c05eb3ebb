"""From a file to its report, whatever the file holds and whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from grader.judge.source import Source, parse, read
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.refusal import refused
from grader.report.verdict import Check, Fault, Report, Submission, Tier, Verdict

Grade = Callable[[Source], Report]
"""Grades a submission that could be parsed."""


class Cancelled(Exception):
    """The grade was called off."""


def grade_file(kata: Kata, path: Path, grade: Grade, *, seed: int, device: str) -> Report:
    """Read and grade a file. Raises Refused where there is no such file, or no such device."""
    return grade_bytes(kata, path, read(path), grade, seed=seed, device=device)


def grade_bytes(
    kata: Kata, path: Path, data: bytes, grade: Grade, *, seed: int, device: str
) -> Report:
    """Grade what was read from a file, or would be written to it."""
    submission = Submission(
        str(path), hashlib.sha256(data).hexdigest(), source=data.decode("utf-8", "replace")
    )
    try:
        return grade(parse(path, data, kata.text("stub.py")))
    except Fault as fault:
        return refused(kata.slug, submission, fault, seed, device)
    except (Refused, Cancelled):
        raise
    except Exception as error:  # whatever else happens is our fault, and says so in one line
        if os.environ.get("KATA_DEBUG"):
            raise
        return _our_fault(kata, submission, error, seed, device)


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
