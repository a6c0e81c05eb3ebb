"""From a file to what can be graded, or to the report it comes to by itself.

It is read once, bounded, and without running or importing anything.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import io
import os
import stat
import tokenize
from dataclasses import dataclass
from pathlib import Path

from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.verdict import (
    CandidateFrame,
    Check,
    Evidence,
    Fault,
    Report,
    Submission,
    Tier,
    Verdict,
    refused,
)

MAX_BYTES = 256 * 1024
"""A submission's size; longer sources make even parsing dear."""


class NoSuchFile(Refused):
    """There is nothing at that path that could be graded; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """The text of a submission and where it came from."""

    path: Path
    text: str
    sha256: str


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


def read(path: Path) -> bytes:
    """The bytes of a regular file of at most MAX_BYTES; raises NoSuchFile with file and remedy."""
    try:
        # Non-blocking, so that a FIFO or a device is recognised instead of waited for.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NoSuchFile(_cannot_open(path, error)) from error
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        if stat.S_ISDIR(mode):
            raise NoSuchFile(f"{path} is a folder: name the .py file inside it")
        raise NoSuchFile(f"{path} is not a regular file: name a .py file")
    try:
        with os.fdopen(fd, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:  # a file that is there by name alone, such as /proc/self/mem
        raise NoSuchFile(_cannot_open(path, error)) from error
    if len(data) > MAX_BYTES:
        raise NoSuchFile(f"{path} is larger than 256 KiB: keep only the answer in it")
    return data


def _cannot_open(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"there is no file {path}: `kata start` writes a stub to begin with"
    if error.errno == errno.ENXIO:
        return f"{path} is not a regular file: name a .py file"
    return f"{path} cannot be read: {error.strerror}"


def parse(path: Path, data: bytes, stub: str = "") -> Source:
    """Decode and parse a submission; raises Fault where it cannot be one.

    A BOM, CRLF line ends and a coding cookie are fine. `stub` is the kata's own, to recognise it.
    """
    digest = hashlib.sha256(data).hexdigest()
    if not data.strip():
        raise _invalid(f"{path.name} is empty: `kata start` writes a stub to begin with")
    text = _decode(path, data)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise _syntax(path, error) from None
    except (RecursionError, MemoryError):
        raise _invalid(f"{path.name} is nested too deeply to be parsed: simplify it") from None
    except ValueError as error:
        raise _invalid(f"{path.name} is not Python text: {error}") from None
    if stub and _shape(tree) == _shape(ast.parse(stub)):
        raise _invalid(
            f"{path.name} is still the untouched stub: write your answer where it raises "
            "NotImplementedError"
        )
    return Source(path, text, digest)


def _decode(path: Path, data: bytes) -> str:
    if b"\0" in data:
        raise _invalid(f"{path.name} is a binary file: name the .py file with your answer")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise _invalid(f"{path.name} is not valid UTF-8: save it with that encoding") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shape(tree: ast.Module) -> str:
    """The code without comments, docstrings and layout."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            constant = body[0].value
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                body.pop(0)
    return ast.dump(tree)


def _syntax(path: Path, error: SyntaxError) -> Fault:
    line = error.lineno or 0
    frame = CandidateFrame(line, "", (error.text or "").rstrip("\n"))
    return Fault(
        Verdict.INVALID_SUBMISSION,
        f"{path.name}, line {line}: {error.msg}",
        Evidence(frames=(frame,)),
    )


def _invalid(message: str) -> Fault:
    return Fault(Verdict.INVALID_SUBMISSION, message)
