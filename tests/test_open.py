"""A file is opened once: to a source that can be graded, or to the report it comes to by itself."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from grader.judge.source import Cancelled, Source, open_bytes, open_submission, report_failure
from grader.kata.kata import find
from grader.kata.refused import Refused
from grader.report.verdict import Fault, Report, Verdict

SDPA = find("sdpa")
SOLUTION = SDPA.solution.read_bytes()


def opened(path: Path, data: bytes) -> Source | Report:
    path.write_bytes(data)
    return open_submission(SDPA, path, seed=7, device="cpu")


def test_what_can_be_graded_is_opened_to_its_source(tmp_path: Path) -> None:
    found = opened(tmp_path / "mine.py", SOLUTION)
    digest = hashlib.sha256(SOLUTION).hexdigest()
    assert found == Source(tmp_path / "mine.py", SOLUTION.decode(), digest)
    assert found == open_bytes(SDPA, tmp_path / "mine.py", SOLUTION, seed=1, device="cuda")


@pytest.mark.parametrize("data", [b"def broken(:\n", b"", SDPA.text("stub.py").encode()])
def test_what_cannot_be_is_opened_to_a_finished_report(data: bytes, tmp_path: Path) -> None:
    found = opened(tmp_path / "mine.py", data)
    assert isinstance(found, Report)
    assert (found.verdict, found.seed) == (Verdict.INVALID_SUBMISSION, 7)
    assert found.submission.source == data.decode()
    assert found.submission.sha256 == hashlib.sha256(data).hexdigest()


def test_no_file_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"there is no file .*none.py: `kata start`"):
        open_submission(SDPA, tmp_path / "none.py", seed=7, device="cpu")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux's")
def test_a_file_that_cannot_be_read_is_said_to_be_one() -> None:
    with pytest.raises(Refused, match="/proc/self/mem cannot be read: "):
        open_submission(SDPA, Path("/proc/self/mem"), seed=7, device="cpu")


def test_our_own_failure_is_a_report_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_stub = dataclasses.replace(SDPA, folder=tmp_path)
    found = open_bytes(without_stub, tmp_path / "mine.py", SOLUTION, seed=7, device="cpu")
    assert isinstance(found, Report)
    assert found.verdict is Verdict.INTERNAL_ERROR
    assert found.failure is not None
    assert "FileNotFoundError" in found.failure.message
    assert "report this with the seed" in found.failure.message
    monkeypatch.setenv("KATA_DEBUG", "1")
    with pytest.raises(FileNotFoundError):
        open_bytes(without_stub, tmp_path / "mine.py", SOLUTION, seed=7, device="cpu")


@pytest.mark.parametrize("error", [Refused("no such device"), Cancelled()])
def test_what_is_no_verdict_is_raised_again(error: Exception) -> None:
    source = Source(Path("mine.py"), "", "")
    with pytest.raises(type(error)):
        report_failure(SDPA, source, error, seed=7, device="cpu")
    fault = report_failure(SDPA, source, Fault(Verdict.TIME_LIMIT, "slow"), seed=7, device="cpu")
    assert fault.verdict is Verdict.TIME_LIMIT
