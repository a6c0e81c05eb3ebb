"""Hostile and broken submissions each get the verdict their header names, and leave nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from grader.session import Session
from tests.conftest import Sample, grade, samples

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
    report = grade(session, sample.kata, sample.path, diagnose=False)
    level = sample.header.get("level", "limits")
    if CONFINEMENT.index(level) > CONFINEMENT.index(report.confinement):
        pytest.skip(f"holds from confinement level {level}; here it is {report.confinement}")
    expected = [word.strip() for word in sample.header["verdict"].split("|")]
    failure = report.first_failure
    said = failure.message if failure is not None else ""
    assert report.verdict in expected, (report.verdict, said)
    if "says" in sample.header:
        everything = " ".join([said, *report.evidence, *report.submission.notes]).lower()
        assert sample.header["says"].lower() in everything


def test_nothing_is_left_behind(session: Session) -> None:
    daemon = next(s for s in samples("hostile") if s.path.stem == "daemon_leaves_session")
    grade(session, daemon.kata, daemon.path, diagnose=False)
    deadline = time.monotonic() + 5
    while strays() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not strays()
