"""Running a bank: what is announced has to be reported, and what a check asks for is given."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.bank.candidate import Candidate
from grader.judge import bank_run as module
from grader.judge.bank_run import Judge, Selection, collect, run_bank
from grader.kata.kata import Kata, find, load
from grader.report.verdict import Fault, Tier, Verdict

HEAD = "from grader.bank import check\n\n\n"


class Nowhere(dict[str, Candidate]):
    """Keeps nothing: what is put in here is no candidate."""

    def __setitem__(self, *_: object) -> None: ...


def bank(folder: Path, text: str) -> Kata:
    """A kata with this bank."""
    kata = find("sdpa")
    shutil.copytree(kata.folder, folder / "sdpa")
    shutil.copy(kata.solution, folder / "sdpa" / "solution.py")
    (folder / "sdpa" / "test_sdpa.py").write_text(HEAD + text)
    return load(folder / "sdpa")


@contextlib.contextmanager
def nobody() -> Iterator[Callable[[str], Candidate]]:
    """A worker whose candidates are all at fault."""

    def candidate_for(_check: str) -> Candidate:
        raise Fault(Verdict.WRONG_ANSWER, "no")

    yield candidate_for


def test_a_check_that_never_reports_is_our_fault_and_never_a_pass(monkeypatch) -> None:
    judge = Judge(find("sdpa"), nobody, 1, selection=Selection(without=("budget",)))
    monkeypatch.setattr(Judge, "keep", lambda _, check: None)
    with pytest.raises(RuntimeError, match="never reported"):
        run_bank(judge)


def test_one_that_was_announced_and_is_no_check_is_too(tmp_path: Path) -> None:
    kata = bank(tmp_path, "@check('rules')\ndef test_a():\n    pass\n\n\ntest_b = 3\n")
    with pytest.raises(RuntimeError, match=r"never collected: \['test_b'\]"):
        run_bank(Judge(kata, nobody, 1))


def test_a_bank_without_a_check_is_no_bank(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="never collected"):
        run_bank(Judge(bank(tmp_path, ""), nobody, 1))


def test_checks_come_in_their_order_with_what_is_said_of_them(tmp_path: Path) -> None:
    text = "@check('shape')\ndef test_b():\n    '''Says this.\n\n    And more.'''\n\n\n"
    text += "@check('rules', stretch=True)\ndef test_a(draw):\n    pass\n"
    first, second = collect(bank(tmp_path, text))
    assert (first.name, first.family, first.tier) == ("test_b", "shape", Tier.REQUIRED)
    assert (first.title, first.asks) == ("Says this.", ())
    assert (second.name, second.family, second.tier) == ("test_a", "rules", Tier.STRETCH)
    assert (second.title, second.asks) == ("test_a", ("draw",))


@pytest.mark.parametrize(
    ("body", "verdict", "said"),
    [
        ("pass", "accepted", ""),
        ("assert 1 == 2, 'they differ'", "wrong_answer", "they differ"),
        ("assert 1 == 2", "internal_error", "AssertionError:  (test_sdpa.py, line 6)"),
        ("nowhere()", "internal_error", "NameError: name 'nowhere' is not defined (test_sdpa.py"),
    ],
)
def test_what_a_check_ends_with_is_its_verdict(body, verdict, said, tmp_path: Path) -> None:
    judge = Judge(bank(tmp_path, f"@check('rules')\ndef test_a(draw):\n    {body}\n"), nobody, 1)
    (check,) = run_bank(judge)
    assert check.verdict == verdict
    assert check.message.startswith(said)


def test_a_fault_of_the_submission_is_the_checks_verdict(tmp_path: Path) -> None:
    kata = bank(tmp_path, "@check('rules')\ndef test_a(candidate):\n    pass\n")
    (check,) = run_bank(Judge(kata, nobody, 1))
    assert (check.verdict, check.message) == (Verdict.WRONG_ANSWER, "no")


def test_a_family_has_one_worker_and_hands_it_back_whatever_its_checks_do(tmp_path: Path) -> None:
    text = "".join(
        f"@check('{family}')\ndef test_{n}(candidate):\n    raise ValueError\n\n\n"
        for n, family in enumerate(("rules", "shape", "rules"))
    )
    lent: list[list[str]] = []

    @contextlib.contextmanager
    def one_worker() -> Iterator[Callable[[str], Candidate]]:
        mine: list[str] = []
        yield mine.append  # type: ignore[func-returns-value, return-value]
        lent.append(mine)

    judge = Judge(bank(tmp_path, text), one_worker, 1)
    judge.candidates = Nowhere()
    run_bank(judge)
    assert lent == [["test_0", "test_2"], ["test_1"]]


def test_the_first_refusal_ends_a_run_that_is_to_stop_early(tmp_path: Path) -> None:
    text = "".join(
        f"@check('rules', stretch={stretch})\ndef test_{n}():\n    assert {n != 1}, 'no'\n\n\n"
        for n, stretch in enumerate((True, False, False))
    )
    judge = Judge(bank(tmp_path, text), nobody, 1, selection=Selection(stop_early=True))
    assert [check.id for check in run_bank(judge)] == ["test_0", "test_1"]


def test_prints_of_a_bank_are_nobodys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_bank(Judge(bank(tmp_path, "@check('rules')\ndef test_a():\n    print('x')\n"), nobody, 1))
    assert capsys.readouterr() == ("", "")


def test_a_check_that_is_stuck_is_ended_and_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "STUCK_SECONDS", 0.05)
    text = "@check('rules')\ndef test_a():\n    while True:\n        pass\n"
    (check,) = run_bank(Judge(bank(tmp_path, text), nobody, 1))
    assert check.verdict is Verdict.INTERNAL_ERROR
    assert check.message.startswith("the check took longer than 0.05 s (test_sdpa.py")


ABREAST = """
import threading

running = []
most = []
meeting = threading.Barrier(2)


def _work(name):
    running.append(name)
    most.append(len(running))
    running.remove(name)


@check("rules")
def test_a():
    meeting.wait(20)
    _work("a")


@check("shape")
def test_b():
    meeting.wait(20)
    assert 1 == 2, "no"


@check("budget")
def test_c(race):
    _work("c")
    assert most[-1] == 1, "not alone"


@check("rules")
def test_d():
    _work("d")
"""


class Raced:
    def close(self) -> None: ...


def test_checks_run_abreast_and_are_told_in_their_order(tmp_path: Path) -> None:
    """Two that wait for each other end, what is clocked runs alone, and the order stays."""
    told: list[str] = []
    kata = bank(tmp_path, ABREAST)
    judge = Judge(kata, nobody, 1, racer=Raced(), on_check=lambda c: told.append(c.id), abreast=2)
    checks = run_bank(judge)
    assert told == [check.id for check in checks] == ["test_a", "test_b", "test_c", "test_d"]
    assert [check.message for check in checks] == ["", "no", "", ""]


def test_a_stuck_check_is_ended_in_whichever_thread_it_is(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "STUCK_SECONDS", 0.05)
    text = "@check('rules')\ndef test_a():\n    while True:\n        pass\n"
    (check,) = run_bank(Judge(bank(tmp_path, text), nobody, 1, abreast=2))
    assert check.message.startswith("the check took longer than 0.05 s (test_sdpa.py")
