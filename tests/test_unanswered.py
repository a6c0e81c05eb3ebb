"""A submission that answers no call is told why at once; an undefined name gets its import."""

from __future__ import annotations

import io
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from grader.exchange.layout import Layout
from grader.exchange.names import import_line
from grader.exchange.request import Call, Request
from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.judge.source import Source
from grader.judge.subject import Subject
from grader.kata.kata import find
from grader.render.terminal.text import to_text
from grader.report.verdict import UNANSWERED, Report, Verdict
from grader.report.words import CELL, facts
from grader.worker.endless import Endless, within
from grader.worker.entry import load
from grader.worker.program import answer
from grader.worker.recorder import Recorder
from grader.worker.wire import pack, unpack_frame
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
    "more than 50,000 calls of torch": (
        f"{CALL}    while True: value = value + 0\n",
        Verdict.TIME_LIMIT,
    ),
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


def test_what_ends_every_call_alike_is_met_in_one_family_only(session: Session) -> None:
    """No size has to do with it, so no other call would fare otherwise."""
    report = graded(session, SOLUTION.replace("query.size(-1)", "query.nothing_like_it(-1)"))
    met = [check for check in report.checks if not check.evidence.skipped]
    assert {check.family for check in met} == {"shape"}
    assert len(report.checks) == len(SDPA.announced)
    assert not any(check.passed for check in report.checks)
    assert report.first_failure in met
    shown = Console(file=io.StringIO(), width=80)
    shown.print(to_text(report))
    told = shown.file.getvalue()  # type: ignore[attr-defined]
    left = len(report.checks) - len(met)
    assert f"the other {left} checks were not run: every call ends in this error" in told


def test_an_error_of_sizes_is_met_in_every_call(session: Session) -> None:
    """In which calls it comes tells one mistake from another."""
    report = graded(session, SOLUTION.replace("key.transpose(-2, -1)", "key"))
    assert report.verdict is Verdict.RUNTIME_ERROR
    assert not any(check.evidence.skipped for check in report.checks)


def test_a_loop_without_an_end_is_left_and_the_next_call_answered() -> None:
    """Each call is counted from nothing, also after one that made too many."""
    text = f"{CALL}    while mask is not None: value = value + 0\n    return value\n"
    loaded, recorder = load(text, SDPA.entry), Recorder(())
    value, mask = torch.ones(2, 2), torch.ones(2, 2, dtype=torch.bool)
    plain = Request({}, {}, (Call({"query": value, "key": value, "value": value}),))
    masked = replace(plain, calls=(Call({**plain.calls[0].arguments, "mask": mask}),))
    ends = [
        answer(loaded, unpack_frame(pack(request.encode(Layout()))), recorder)["error"]
        for request in (plain, masked, plain)
    ]
    assert [end and end["type"] for end in ends] == [None, "Endless", None]
    assert ends[1]["frames"][-1]["line"] == 2


def test_what_is_endless_in_a_race_is_told_by_what_it_grows_with(session: Session) -> None:
    """As many calls as pairs of tokens are too many at the sizes of a race, not where it is few."""
    loops = """
    for _ in range(query.size(-2) * key.size(-2)):
        query = query + 0
    return """
    text = SOLUTION.replace("    return ", loops.lstrip("\n"))
    selection = Selection(only=("test_keeps_up_with_the_reference",))
    report = session.grade(SDPA, Source(Path("sdpa.py"), text, ""), 5, None, selection)
    (check,) = report.checks
    assert "50,000 calls" in check.message
    assert (check.evidence.grows, check.evidence.hung) == ("rows", False)


def compute(seconds: float) -> None:
    begun = time.process_time()
    while time.process_time() < begun + seconds:
        pass


def test_computing_is_limited_and_importing_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Endless, match="no answer within"), within(0.05):
        compute(5.0)
    with within(0.05):
        for number in range(100):
            monkeypatch.setitem(sys.modules, f"imported_{number}", sys)
            compute(0.002)


BESIDE_THE_COMPILER = {
    "checkpoint": SOLUTION.replace("def scaled_dot_product_attention(", "def attention(")
    + """

from torch.utils.checkpoint import checkpoint


def scaled_dot_product_attention(query, key, value, mask=None):
    return checkpoint(attention, query, key, value, mask, use_reentrant=False)
""",
    "compile": SOLUTION.replace("def scaled", "@torch.compile(fullgraph=True)\ndef scaled", 1),
}


@pytest.mark.parametrize("how", BESIDE_THE_COMPILER)
def test_what_speaks_to_the_compiler_is_right_without_it(session: Session, how: str) -> None:
    """Each worker would import it anew, and the sandbox has nothing to compile with."""
    known = [name for name in SDPA.announced if "gradient" in name][:2]
    selection = Selection(only=known)
    report = session.grade(SDPA, Source(Path("sdpa.py"), BESIDE_THE_COMPILER[how], ""), 5,
                           selection=selection)  # fmt: skip
    assert [(check.id, check.message) for check in report.checks if not check.passed] == []
    assert len(report.checks) == len(known)


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
