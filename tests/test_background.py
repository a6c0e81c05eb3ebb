"""One judge in the background: orders in, one after another; what comes of them is told."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.judge.background import BackgroundJudge, Came, Order
from grader.judge.experiments.experiment import Seen
from grader.judge.source import Cancelled
from grader.kata.kata import Kata
from grader.report.verdict import Check, Report, Submission, Tier, Verdict

CHECK = Check("c", "C.", "shape", Tier.REQUIRED, Verdict.ACCEPTED)
LONG = 10
"""Seconds after which something that ought to have happened never will."""


class Judge:
    """Grades when it is allowed to, or until it is called off."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.working, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self._called_off = False

    def grade_file(
        self, kata: Kata, path: Path, *, on_check: Callable[[Check], None] | None = None
    ) -> Report:
        self._wait(f"grade {kata.slug}")
        assert on_check is not None
        on_check(CHECK)
        return Report(kata.slug, 1, "cpu", 0.0, Submission(str(path)))

    def experiment(self, kata: Kata, path: Path, name: str) -> Seen:
        self._wait(name)
        return Seen(name, "zeros", ())

    def _wait(self, what: str) -> None:
        self.all.append(what)
        self.working.release()
        assert self.go_on.acquire(timeout=LONG)
        if self._called_off:
            self._called_off = False
            raise Cancelled

    def start(self) -> None:
        self.all.append("start")

    def cancel(self) -> None:
        self.all.append("cancel")
        self._called_off = True
        self.go_on.release()

    def close(self) -> None:
        self.all.append("close")


Told = queue.SimpleQueue[tuple[Order, Came]]


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def told() -> Told:
    return queue.SimpleQueue()


@pytest.fixture
def background(judge: Judge, told: Told) -> Iterator[BackgroundJudge]:
    made = BackgroundJudge(lambda: judge, lambda order, came: told.put((order, came)))
    yield made
    made.close()


def order(slug: str = "sdpa", **more: object) -> Order:
    return Order(slug, Path("x.py"), **more)  # type: ignore[arg-type]


def test_checks_are_told_as_they_come_out_and_then_the_report(
    background: BackgroundJudge, judge: Judge, told: Told
) -> None:
    background.put(order(key=(3, 1)))
    assert background.busy
    judge.go_on.release()
    assert told.get(timeout=LONG) == (order(key=(3, 1)), CHECK)
    _, report = told.get(timeout=LONG)
    assert isinstance(report, Report)
    background.close()
    assert not background.busy


def test_an_experiment_is_run_instead_of_a_grade(
    background: BackgroundJudge, judge: Judge, told: Told
) -> None:
    background.put(order(experiment="half"))
    judge.go_on.release()
    assert told.get(timeout=LONG)[1] == Seen("half", "zeros", ())


def test_orders_are_done_one_after_another_and_none_that_waits_twice(
    background: BackgroundJudge, judge: Judge, told: Told
) -> None:
    background.put(order("sdpa"))
    assert judge.working.acquire(timeout=LONG), "it is being done, and so waits no more"
    for _ in range(3):
        background.put(order("sdpa"))
        background.put(order("fused-qkv"))
    for _ in range(3):
        judge.go_on.release()
    came = [told.get(timeout=LONG) for _ in range(6)]
    assert [one.kata for one, answer in came if isinstance(answer, Report)] == [
        "sdpa", "sdpa", "fused-qkv",
    ]  # fmt: skip


def test_what_was_called_off_is_told_too_and_a_new_judge_warms_up(
    background: BackgroundJudge, judge: Judge, told: Told
) -> None:
    background.put(order("sdpa"))
    assert judge.working.acquire(timeout=LONG)
    background.put(order("fused-qkv"))
    background.cancel()
    which, came = told.get(timeout=LONG)
    assert (which, type(came)) == (order("sdpa"), Cancelled)
    background.put(order("multi-head"))
    judge.go_on.release()
    assert told.get(timeout=LONG)[0] == order("multi-head"), "what waited was called off as well"
    assert judge.all == ["grade sdpa", "cancel", "start", "grade multi-head"]


def test_an_order_that_cannot_be_done_is_answered_with_the_reason(
    background: BackgroundJudge, judge: Judge, told: Told
) -> None:
    background.put(order("no-such-kata"))
    _, came = told.get(timeout=LONG)
    assert "there is no kata `no-such-kata`" in str(came)
    assert judge.all == []


def test_closing_calls_off_what_runs_and_ends_the_judge(
    background: BackgroundJudge, judge: Judge
) -> None:
    background.put(order("sdpa"))
    assert judge.working.acquire(timeout=LONG)
    background.put(order("fused-qkv"))
    background.close()
    assert judge.all == ["grade sdpa", "cancel", "close"]


def test_a_judge_is_made_when_it_is_needed_and_once() -> None:
    made: list[Judge] = []
    background = BackgroundJudge(lambda: made.append(Judge()) or made[-1], lambda *_: None)  # type: ignore[func-returns-value]
    assert made == []
    assert background.warm() is background.warm()
    background.close()
    assert [judge.all for judge in made] == [["close"]]
