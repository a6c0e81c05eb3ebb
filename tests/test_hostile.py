"""Hostile and broken submissions each get the verdict their header names, and leave nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.kata import find
from grader.report.verdict import Verdict
from tests.conftest import PATIENCE, Sample, grade, samples

CONFINEMENT = ("limits", "partial", "full")


def strays() -> list[str]:
    """Processes that a submission left behind."""
    names = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            names.append(comm.read_text().strip())
        except OSError:
            continue
    return [name for name in names if name.startswith("kata-daemon")]


@pytest.mark.parametrize("sample", samples("hostile") + samples("broken"), ids=lambda s: s.id)
def test_gets_the_verdict_its_header_names(session: Session, sample: Sample) -> None:
    expected = [word.strip() for word in sample.header["verdict"].split("|")]
    # The first refusal is the verdict; the budget is asked where it may be what refuses.
    without = ("budget",) if expected == [Verdict.ACCEPTED] else ()
    choice = Selection(without=without, stop_early=Verdict.ACCEPTED not in expected)
    report = grade(session, sample.kata, sample.path, selection=choice, diagnose=False)
    level = sample.header.get("level", "limits")
    if CONFINEMENT.index(level) > CONFINEMENT.index(report.confinement):
        pytest.skip(f"holds from confinement level {level}; here it is {report.confinement}")
    failure = report.first_failure
    said = failure.message if failure is not None else ""
    assert report.verdict in expected, (report.verdict, said)
    if "says" in sample.header:
        everything = " ".join([said, *report.evidence, *report.submission.notes]).lower()
        assert sample.header["says"].lower() in everything


def test_nothing_is_left_behind(session: Session) -> None:
    daemon = next(s for s in samples("hostile") if s.path.stem == "daemon_leaves_session")
    first = Selection(stop_early=True)
    grade(session, daemon.kata, daemon.path, selection=first, diagnose=False)
    deadline = time.monotonic() + 5
    while strays() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not strays()


KILLS_ITS_PARENT = """
import os, signal

def scaled_dot_product_attention(query, key, value, mask=None):
    os.kill(os.getppid(), signal.SIGKILL)
    return value
"""


def test_who_kills_the_server_is_refused_and_the_next_one_is_graded(monkeypatch) -> None:
    """It is the submission's fault and not ours, and nobody else's verdict suffers."""
    monkeypatch.setenv("KATA_SANDBOX", "limits")  # the kernel's sandbox lets no signal through
    kata = find("sdpa")
    with Session(patience=PATIENCE) as session:
        killer = Source(Path("sdpa.py"), KILLS_ITS_PARENT, "")
        report = session.grade(kata, killer, diagnose=False)
        assert report.verdict is Verdict.RUNTIME_ERROR
        assert report.first_failure is not None
        assert "leave others alone" in report.first_failure.message
        right = kata.solution.read_text(encoding="utf-8")
        assert session.grade(kata, Source(Path("sdpa.py"), right, "")).stars == 3
