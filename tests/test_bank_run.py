"""Running a bank: what is announced has to be reported."""

from __future__ import annotations

import pytest

from grader.judge import bank_run as module
from grader.kata.kata import find
from grader.report.verdict import Fault, Verdict


def test_a_check_that_never_reports_is_our_fault_and_never_a_pass(monkeypatch) -> None:
    def refuse(_check: str) -> None:
        raise Fault(Verdict.WRONG_ANSWER, "no")

    chosen = module.Selection(without=("budget",))
    judge = module.Judge(find("sdpa"), refuse, 1, selection=chosen)
    monkeypatch.setattr(module.Judge, "_record", lambda *_: None)
    with pytest.raises(RuntimeError, match="never reported"):
        module.run_bank(judge)
