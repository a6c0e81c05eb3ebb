"""What code costs beyond its time: storages, what they grow with, and the memory budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from grader.bank.draw import Draw
from grader.exchange.local import Variant, load_variant
from grader.judge.conversation import Conversation
from grader.judge.measure import Side, cost_of, growth
from grader.judge.memory import Memory
from grader.judge.race import Race
from grader.kata.kata import Kata, all_katas, find
from grader.kata.mutants import Mutant, singles
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import Budget, Fault, Verdict
from grader.report.words import costs
from grader.worker.arithmetic import LARGE, READ, WRITE, WRITE_LARGE
from grader.worker.storages import MAX_OPERATIONS, Enough, Storages
from grader.worker.wire import Message

KATAS = all_katas()
LOOPS = ("batch", "rows", "heads", "width")


def seen(function: Callable[..., Any], *given: Tensor) -> Message:
    storages = Storages()
    with torch.no_grad(), storages:
        function(*given)
    return storages.said()


def elements(said: Message, stage: str) -> int:
    return int(said["largest"].get(stage, {}).get("elements", 0))


# --- storages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_storages_are_seen_before_and_after_the_weights(device: str) -> None:
    x = torch.ones(2, 8, 4, device=device)

    def attend(x: Tensor) -> Tensor:
        weights = torch.softmax((x[:, :, None] * x[:, None]).sum(-1), -1)
        return weights @ torch.cat([x, x, x, x, x, x, x, x, x, x], -1)

    said = seen(attend, x)
    assert elements(said, "scores") == 2 * 8 * 8 * 4
    assert elements(said, "context") == 2 * 8 * 40


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.empty(100),
        lambda x: torch.zeros(0).resize_(100),
        lambda x: x.new_full((100,), 1.0).view(10, 10)[2],
        lambda x: torch.nn.functional.pad(x, (0, 98)),
        lambda x: torch.add(x.expand(100, 2)[:, 0], 1),
        lambda x: torch.empty(0).set_(torch.empty(100)),
    ],
)
def test_whoever_makes_a_storage_it_is_seen(function: Callable[[Tensor], Tensor]) -> None:
    assert elements(seen(function, torch.ones(1, 2)), "scores") == 100


def test_views_and_what_is_given_are_no_storages_of_the_calls() -> None:
    x = torch.ones(10, 10)
    assert seen(lambda x: x.T.expand(1000, 10, 10)[3].add_(1), x)["peak"] == 0


def test_the_peak_is_what_lives_at_one_time() -> None:
    def one_by_one(x: Tensor) -> None:
        for _ in range(5):
            x = x + 1

    def all_together(x: Tensor) -> list[Tensor]:
        return [x + 1 for _ in range(5)]

    x = torch.ones(100)
    assert seen(one_by_one, x)["peak"] == 2 * 400
    assert seen(all_together, x)["peak"] == 5 * 400


def test_a_loop_without_end_is_cut() -> None:
    def loop(x: Tensor) -> None:
        while True:
            x = x + 1

    with pytest.raises(Enough):
        seen(loop, torch.ones(1))
    storages = Storages()
    with pytest.raises(Enough), storages:
        loop(torch.ones(1))
    assert storages.operations == MAX_OPERATIONS + 1


@pytest.mark.parametrize(
    "memory",
    [
        None,
        {},
        {"largest": {}, "peak": -1, "operations": 3},
        {"largest": {}, "peak": 1.5, "operations": 3},
        {"largest": [], "peak": 1, "operations": "3"},
        {"largest": {"scores": {}}, "peak": 1, "operations": 3},
        {"largest": {"scores": 7}, "peak": 1, "operations": 3},
        {"largest": {}, "peak": 2**70, "operations": 3},
        {"largest": {}, "peak": 1, "operations": 3},
        {"largest": {}, "peak": 1, "operations": 3, "work": -1, "hardest": None},
        {"largest": {}, "peak": 1, "operations": 3, "work": 1, "hardest": 7},
    ],
)
def test_a_forged_account_is_the_candidates_fault(memory: object) -> None:
    with pytest.raises(Fault, match="malformed"):
        cost_of({"memory": memory})


# --- what it grows with -----------------------------------------------------------------------


@dataclass
class Here:
    """The talk with a worker, held in this process."""

    variant: Variant

    def run(self, message: Message) -> Message:
        return self.variant.run(message)

    def close(self) -> None:
        pass


def side(kata: Kata, text: str) -> Side:
    variant = load_variant(kata, text)
    return Side(cast("Conversation", Here(variant)), variant.layout)


def solution(kata: Kata) -> str:
    return kata.solution.read_text(encoding="utf-8")


OF_PAIRS = {"additive-attention": ("scores",)}
"""Katas whose solution keeps a vector for each pair, before the weights: there it is no waste, and
nor is as large a tensor behind them."""


def wasteful(*kinds: str) -> list[tuple[Kata, Mutant]]:
    found = [(k, m) for k in KATAS for m in singles(load_pitfalls(k), solution(k))]
    return [(k, m) for k, m in found if m.pitfalls[0].grows in kinds]


def named(case: tuple[Kata, Mutant]) -> str:
    return f"{case[0].slug}/{case[1].name}"


@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_the_solutions_neither_loop_nor_broadcast_a_product(kata: Kata) -> None:
    found = growth(kata, side(kata, solution(kata)), Draw(1, "growth"), "cpu")
    assert found.loop == ("", "")
    assert found.products == OF_PAIRS.get(kata.slug, ())
    beside = growth(
        kata, side(kata, solution(kata)), Draw(1, "growth"), "cpu", side(kata, solution(kata))
    )
    assert beside.products == ()


@pytest.mark.parametrize("case", wasteful(*LOOPS), ids=named)
def test_a_loop_is_told_by_the_operations_that_grow(case: tuple[Kata, Mutant]) -> None:
    kata, mutant = case
    kind, fact = growth(kata, side(kata, mutant.text), Draw(1, "growth"), "cpu").loop
    assert kind == mutant.pitfalls[0].grows
    assert fact.endswith(f"for half the {kind}: a Python loop over the {kind}")


@pytest.mark.parametrize("case", wasteful("scores", "context"), ids=named)
def test_a_broadcast_product_is_told_by_the_tensor_that_grows(case: tuple[Kata, Mutant]) -> None:
    kata, mutant = case
    found = growth(kata, side(kata, mutant.text), Draw(1, "growth"), "cpu")
    assert found.loop == ("", "")
    assert found.products == (mutant.pitfalls[0].grows,)


@pytest.mark.parametrize("case", wasteful("matrix"), ids=named)
def test_a_matrix_is_told_by_the_width_it_grows_with_twice(case: tuple[Kata, Mutant]) -> None:
    kata, mutant = case
    found = growth(kata, side(kata, mutant.text), Draw(1, "growth"), "cpu")
    assert found.square == mutant.pitfalls[0].grows


def test_pairs_are_told_by_the_rows_they_grow_with_twice() -> None:
    """Where the solution holds no score for each pair; where it does, a formula is the measure."""
    kata = find("sliding-window")
    pairs = next(m for k, m in wasteful("pairs") if k.slug == kata.slug)
    for text, told in ((pairs.text, "pairs"), (solution(kata), "")):
        found = growth(kata, side(kata, text), Draw(1, "growth"), "cpu")
        assert found.square == told


def test_every_kata_has_a_pitfall_for_each_way_of_waste() -> None:
    for kata in KATAS:
        kinds = {p.grows for p in load_pitfalls(kata)} - {""}
        assert "batch" in kinds, kata.slug
        assert kinds & {"scores", "context", "pairs", "matrix"} or kata.slug in OF_PAIRS, kata.slug
        if kata.entry.reads and "pairs" not in kinds:  # all scores at once is what is asked for
            ways = {"batch", "rows", "width", "scores", "context", "arithmetic"}
            ways -= {"scores", "context"} if kata.slug in OF_PAIRS else set()
            assert kinds - {"heads", "past"} == ways, kata.slug
        assert ("heads" in kinds) == ("heads" in kata.entry.kinds.values()), kata.slug


# --- the memory budget ------------------------------------------------------------------------


def memory(kata: Kata, text: str) -> Memory:
    return Memory(
        kata, lambda: side(kata, text), lambda: side(kata, solution(kata)), Draw(1, "memory")
    )


@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_the_reference_is_measured_like_everybody_else(kata: Kata) -> None:
    measured = memory(kata, solution(kata))
    measured()
    assert measured.worst == 1


@pytest.mark.parametrize("case", wasteful("scores", "context"), ids=named)
def test_a_broadcast_product_is_over_the_budget(case: tuple[Kata, Mutant]) -> None:
    kata, mutant = case
    with pytest.raises(Fault) as refused:
        memory(kata, mutant.text)()
    fault, what = refused.value, mutant.pitfalls[0].grows
    assert fault.verdict is Verdict.MEMORY_LIMIT
    assert "the reference's largest; the limit is 4×" in fault.message
    assert fault.message.endswith(f"{what} by a broadcast product; use a matrix product")
    assert fault.evidence.grows == what
    assert "unsqueeze" in mutant.text.splitlines()[fault.evidence.frames[0].line - 1]


@pytest.mark.parametrize(
    "case", [c for c in wasteful(*LOOPS) if c[0] in (KATAS[0], KATAS[-1])], ids=named
)
def test_a_loop_is_for_the_clock_to_refuse(case: tuple[Kata, Mutant]) -> None:
    memory(case[0], case[1].text)()


READS = """
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    assert query.isfinite().all()
    scores = {scores} / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, -1) @ value
"""


def test_code_that_reads_values_is_measured_on_small_tensors() -> None:
    kata = find("sdpa")
    memory(kata, READS.format(scores="(query @ key.mT)"))()
    product = "(query[..., None, :] * key[..., None, :, :]).sum(-1)"
    with pytest.raises(Fault, match=r"L·S·d_k elements, 64× the reference's"):
        memory(kata, READS.format(scores=product))()


def test_a_wider_dtype_is_no_larger_tensor() -> None:
    kata = find("self-attention")
    text = solution(kata).replace(
        "query = self", "x, kept = x.double().float(), x\n        query = self"
    )
    memory(kata, text)()


def test_many_tensors_at_one_time_are_over_the_budget() -> None:
    kata = find("sdpa")
    text = READS.format(scores="sum([query @ key.mT / 8 for _ in range(24)])")
    text = text.replace("assert query.isfinite().all()", "")
    with pytest.raises(Fault, match="in memory at one time"):
        memory(kata, text)()


def test_time_and_memory_are_told_with_their_limits() -> None:
    told = list(costs(Budget(1.04, 3.0, memory_limit=4.0)))
    assert told == ["time    1.04× the reference's, at most 3×", "memory  not measured, at most 4×"]


# --- arithmetic, counted ----------------------------------------------------------------------


def counted(kata: Kata, text: str) -> Race:
    mine, theirs = (lambda: side(kata, text)), (lambda: side(kata, solution(kata)))
    return Race(kata, mine, theirs, Draw(1, "race"))


MADE = {
    "a product": (lambda x: x @ x.T, 10 * 20 * 10),
    "several": (lambda x: torch.baddbmm(x[:, :1].T, x[None], x.T[None]), 10 * 20 * 10),
    "an einsum": (lambda x: torch.einsum("ij,kj->ik", x, x), 10 * 20 * 10),
    "a layer": (lambda x: nn.functional.linear(x, x, x[:, 0]), 10 * 20 * 10),
    "a convolution": (lambda x: nn.functional.conv1d(x[None], x.T[..., None]), 10 * 20 * 20),
    "a view": (lambda x: x.T[None].expand(9, -1, -1), 0),
    "a sum": (lambda x: x.sum(), READ * 200 + WRITE),
    "something new": (lambda x: x + 1, (READ + WRITE) * 200),
    "something large": (
        lambda x: torch.zeros(LARGE + 8, device=x.device),
        WRITE_LARGE * (LARGE + 8),
    ),
}


@pytest.mark.parametrize("what", MADE)
def test_work_is_counted_in_multiplications(what: str) -> None:
    function, work = MADE[what]
    assert seen(function, torch.ones(10, 20, device="meta"))["work"] == work


@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_the_reference_does_its_own_arithmetic(kata: Kata) -> None:
    racing = counted(kata, solution(kata))
    assert racing._arithmetic({})[0] == 1
    racing.count()
    assert racing.worst is None, "the ratio that is shown is one of the clock's"


@pytest.mark.parametrize("case", wasteful("arithmetic"), ids=named)
def test_arithmetic_is_refused_without_a_clock(case: tuple[Kata, Mutant]) -> None:
    kata, mutant = case
    racing = counted(kata, mutant.text)
    with pytest.raises(Fault, match=r"× the reference's arithmetic at .*; the limit is 3×") as seen:
        racing.count()
    assert seen.value.verdict is Verdict.TIME_LIMIT
    assert seen.value.evidence.grows == "arithmetic"
    line = mutant.text.splitlines()[seen.value.evidence.frames[0].line - 1].strip()
    assert any(line in wrong for edit in mutant.edits for wrong in edit.wrong), line
    assert (racing.worst or 0) > kata.budget_limit


def test_work_at_the_limit_is_nobodys_fault() -> None:
    kata = find("masked-dropout")
    text = solution(kata).replace("scores = query @", "x @ x.mT\n        scores = query @")
    assert 1 < counted(kata, text)._arithmetic({})[0] < kata.budget_limit
    counted(kata, text).count()


# --- beside the clock -------------------------------------------------------------------------


def race(text: str, monkeypatch: pytest.MonkeyPatch, *, steady: bool) -> Race:
    kata = find("sdpa")
    solved = solution(kata)
    racing = Race(kata, lambda: side(kata, text), lambda: side(kata, solved), Draw(1, "race"))
    monkeypatch.setattr(Race, "_decide", lambda *_: (5.0, steady))
    racing("some size", lambda: {}, lambda: torch.ones(1))
    return racing


def test_noise_excuses_a_ratio_but_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    kata = find("sdpa")
    assert race(solution(kata), monkeypatch, steady=False).undecided == ["some size"]
    for _, mutant in [case for case in wasteful("rows", "scores") if case[0] == kata]:
        with pytest.raises(Fault) as refused:
            race(mutant.text, monkeypatch, steady=False)
        assert refused.value.evidence.grows == mutant.pitfalls[0].grows
    with pytest.raises(Fault, match=r"5\.0× the reference's time"):
        race(solution(kata), monkeypatch, steady=True)


def test_where_answers_are_wrong_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    kata = find("sdpa")

    def wrong(*_: object) -> None:
        raise Fault(Verdict.WRONG_ANSWER, "all the values are wrong")

    racing = Race(kata, lambda: side(kata, ""), lambda: side(kata, ""), Draw(1, "race"))
    racing.sides = [side(kata, solution(kata))] * 2
    racing.worst = 1.5
    monkeypatch.setattr(Race, "_decide", wrong)
    with pytest.raises(Fault, match="not measured, as the answers are wrong"):
        racing("some size", lambda: {}, lambda: torch.ones(1))
    assert racing.worst is None
