"""Whose time it is: what a worker sleeps or has others do is its own, and building is no lap's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.judge.workers import Moment
from grader.kata.kata import find
from grader.report.verdict import Verdict
from tests.conftest import grade

CLOCK = Selection(only=("test_keeps_up_with_the_reference",))
END = "    return weights @ value\n"
ELSEWHERE = """
    process = os.fork()
    if process == 0:
        begun = time.perf_counter()
        while time.perf_counter() < begun + 0.01:
            pass
        os._exit(0)
    os.waitpid(process, 0)
"""
LAZY = {
    "asleep": "    time.sleep(0.01)\n",
    "waiting for a process that does the work": ELSEWHERE,
}


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A judge without the kernel's sandbox, in which a worker can have another process work."""
    monkeypatch.setenv("KATA_SANDBOX", "limits")
    with Session() as session:
        yield session


@pytest.mark.parametrize("how", LAZY)
def test_nothing_is_gained_by_not_working_oneself(
    how: str, unconfined: Session, tmp_path: Path
) -> None:
    text = find("sdpa").solution.read_text(encoding="utf-8")
    assert text.count(END) == 1
    file = tmp_path / "sdpa.py"
    file.write_text("import os\nimport time\n" + text.replace(END, LAZY[how] + END))
    report = grade(unconfined, find("sdpa"), file, selection=CLOCK)
    assert report.verdict is Verdict.TIME_LIMIT, report.budget


def test_on_its_way_a_message_waits_for_nobodys_work_where_only_the_worker_can_do_it() -> None:
    begun = Moment(wall=1.0, worked=0.5)
    done = Moment(wall=1.7, worked=0.6, queued=0.1, elsewhere=0.2)
    assert begun.until(done) == pytest.approx(0.4)
    assert begun.computing(done) == pytest.approx(0.1)
    assert Moment(1.0).computing(Moment(1.7)) == pytest.approx(0.7)


def test_building_a_layer_is_no_part_of_a_lap(session: Session, tmp_path: Path) -> None:
    """By its constructor alone this one would be many times as slow as the reference."""
    kata = find("self-attention")
    text = kata.solution.read_text(encoding="utf-8")
    first = "        super().__init__()\n"
    assert text.count(first) == 1
    table = '        self.register_buffer("table", torch.randn(2048, 2048))\n'
    file = tmp_path / "self_attention.py"
    file.write_text(text.replace(first, first + table))
    report = grade(session, kata, file, selection=CLOCK)
    assert report.verdict is Verdict.ACCEPTED, report.budget


def test_a_constructor_knows_no_input_of_a_lap(session: Session, tmp_path: Path) -> None:
    """Or it could do forward's work where nobody times it: of an input it is told the sizes."""
    kata = find("self-attention")
    text = kata.solution.read_text(encoding="utf-8")
    first = "        super().__init__()\n"
    spy = """
        import gc, sys
        frame = sys._getframe()
        while frame is not None:
            request = frame.f_locals.get("request")
            for call in request["calls"] if isinstance(request, dict) else ():
                x = call["arguments"]["x"]
                print("saw", type(x).__name__)
            frame = frame.f_back
"""
    file = tmp_path / "self_attention.py"
    file.write_text(text.replace(first, first + textwrap.indent(textwrap.dedent(spy), " " * 8)))
    report = grade(session, kata, file, selection=CLOCK)
    assert report.verdict is Verdict.ACCEPTED, report.checks
    assert set(report.output.split("\n")) - {""} == {"saw dict"}, report.output
