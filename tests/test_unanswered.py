"""A submission that answers no call is told why at once; an undefined name gets its import."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exchange.names import import_line
from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.judge.source import Source
from grader.judge.subject import Subject
from grader.kata.kata import find
from grader.report.verdict import UNANSWERED, Report, Verdict
from grader.report.words import CELL, facts
from tests.test_command_line import SOLUTION

SDPA = find("sdpa")
CALL = "def scaled_dot_product_attention(query, key, value, mask=None):\n"


def graded(session: Session, text: str, name: str = "sdpa.py") -> Report:
    return session.grade(SDPA, Source(Path(name), text, ""), seed=5)


def said(report: Report) -> dict[str, str]:
    assert report.failure is not None
    return dict(facts(report, report.failure))


NEVER = {
    "is a `return` missing?": (f"{CALL}    query @ key.mT\n", Verdict.WRONG_ANSWER),
    "no answer within": (f"{CALL}    while True: pass\n", Verdict.TIME_LIMIT),
    "add the line `import math`": (SOLUTION.replace("import math\n", ""), Verdict.RUNTIME_ERROR),
    "name 'temperature' is not": (f"{CALL}    return value / temperature\n", Verdict.RUNTIME_ERROR),
}


@pytest.mark.parametrize("message", NEVER)
def test_what_answers_no_call_is_tried_once(session: Session, message: str) -> None:
    text, verdict = NEVER[message]
    report = graded(session, text)
    assert report.verdict is verdict
    assert report.failure is not None
    assert report.failure.id == UNANSWERED
    assert message in report.failure.message
    assert report.checks == ()
    assert said(report)["note"] == "nothing else was tried: every check makes such a call"
    assert "query" in said(report)["with"]


def test_what_fails_in_some_calls_only_is_tried_in_all(session: Session) -> None:
    text = SOLUTION.replace("if mask is not None:", "if mask is not None and undefined_name:", 1)
    subject = Subject(SDPA, text, session.server, seed=5)
    try:
        assert subject.enter(tried=True) is None
    finally:
        subject.close()


def test_a_cell_is_told_that_it_is_graded_without_the_others(session: Session) -> None:
    report = graded(session, NEVER["name 'temperature' is not"][0], f"sdpa{CELL}")
    assert report.failure is not None
    notes = [text for label, text in facts(report, report.failure) if label == "note"]
    assert "import or define `temperature` in it" in notes[0]


@pytest.mark.parametrize(
    ("name", "used", "line"),
    [
        ("math", "x / math.sqrt(2)", "import math"),
        ("F", "F.softmax(x, -1)", "import torch.nn.functional as F"),
        ("nn", "class A(nn.Module):", "from torch import nn"),
        ("torch", "torch.ones(2)", "import torch"),
        ("softmax", "softmax(scores, -1)", "from torch import softmax"),
        ("Linear", "self.q = Linear(4, 4)", "from torch.nn import Linear"),
        ("Optional", "mask: Optional[Tensor] = None", "from typing import Optional"),
        ("token", "for t in token:", ""),
        ("scores", "scores @ value", ""),
        ("scale", "query * scale", ""),
    ],
)
def test_the_line_that_brings_a_name(name: str, used: str, line: str) -> None:
    assert import_line(name, used) == line


@pytest.mark.parametrize(
    ("slip", "message"),
    [("if nowhere:", "name 'nowhere' is not"), ("while mask is not None:", "no answer within")],
)
def test_no_cause_is_looked_for_where_it_is_plain(
    session: Session, slip: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only calls with a mask fail here, so that all checks are run, but no mutant is tried."""
    monkeypatch.setattr("grader.diagnosis.search.diagnose", None)
    slipped = SOLUTION.replace(
        "        hidden =", f"        {slip}\n            pass\n        hidden ="
    )
    selection = Selection(only=("test_attends_where_the_mask_is_true",))
    report = session.grade(SDPA, Source(Path("sdpa.py"), slipped, ""), 5, selection=selection)
    (check,) = report.checks
    assert message in check.message
    assert {"expected", "got"}.isdisjoint(dict(facts(report, check)))
