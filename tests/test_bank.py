"""The words of a bank: draws that repeat at their seed, and how close is right."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from grader.bank.claims import Comparison
from grader.bank.definition import Definition
from grader.bank.draw import Draw
from grader.bank.truth import CEILING, ROUNDINGS, allowed, attention, ceiling
from grader.exchange.answer import Answer
from grader.exchange.request import After, Call, Request
from grader.report.verdict import Fault


def test_tolerances_are_those_promised() -> None:
    truth = torch.tensor([10.0, -20.0], dtype=torch.float64)
    assert allowed(truth, torch.float32) == pytest.approx(20 * ROUNDINGS)
    far_off = truth + 0.1
    assert allowed(truth, torch.float32, far_off) == pytest.approx(20 * CEILING)
    assert ROUNDINGS <= 1e-5
    assert CEILING < 1e-3
    half = allowed(truth, torch.float16, far_off)
    assert half == pytest.approx(0.4, rel=1e-3)


def test_at_large_scores_the_error_of_a_score_is_allowed_in_its_weight() -> None:
    truth = torch.tensor([10.0, -20.0], dtype=torch.float64)
    at_ten_thousand = allowed(truth, torch.float32, scores=1e4)
    assert at_ten_thousand == pytest.approx(20 * (ROUNDINGS + 4 * 2**-23 * 1e4))
    assert allowed(truth, torch.float32, truth + 1, scores=1e4) < 20 * 1e-2


def test_the_ceiling_is_what_no_plain_implementation_raises() -> None:
    truth = torch.tensor([10.0, -20.0], dtype=torch.float64)
    for scores in (0.0, 1e4):
        most = ceiling(truth, torch.float32, scores=scores)
        assert most == pytest.approx(allowed(truth, torch.float32, truth + 9, scores=scores))
    assert ceiling(truth, torch.float16) == math.inf  # there its error is the only yardstick


@pytest.mark.parametrize(
    ("off", "asked", "wrong"),
    [(0.5 * ROUNDINGS, 0, False), (2 * ROUNDINGS, 1, False), (2 * CEILING, 0, True)],
)
def test_the_plain_implementation_is_asked_only_where_it_decides(
    off: float, asked: int, wrong: bool
) -> None:
    truth = torch.tensor([0.5, 1.0], dtype=torch.float64)
    request = Request({}, {}, (Call({}),))
    questions: list[Request] = []

    def plain(question: Request) -> list[Answer]:  # as far off as the answer, so it excuses it
        questions.append(question)
        return [Answer((truth + off).float(), "tensor", request, 0)]

    answer = Answer((truth + off).float(), "tensor", request, 0, reference=plain)
    assert bool(Comparison(answer, answer.output, truth).wrong.any()) is wrong
    assert len(questions) == asked


def softmax_in_log_domain(scores: Tensor) -> Tensor:
    return torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))


def softmax_in_base_two(scores: Tensor) -> Tensor:
    scores = scores * math.log2(math.e)
    top = scores.amax(-1, keepdim=True)
    return torch.exp2(scores - top - torch.log2(torch.exp2(scores - top).sum(-1, keepdim=True)))


@pytest.mark.parametrize("sign", [1, -1])
def test_right_styles_of_softmax_stay_within_what_large_scores_allow(sign: int) -> None:
    steps = torch.arange(7) * 0.37 + Draw(1, "steps").uniform(40, 7)
    scores = sign * 1e4 - sign * steps
    truth = torch.softmax(scores.double(), -1)

    def error(weights: Tensor) -> float:
        return float((weights.double() - truth).abs().max())

    limit = allowed(truth, torch.float32, scores=1e4)
    for softmax in (softmax_in_log_domain, softmax_in_base_two):
        assert allowed(truth, torch.float32) < error(softmax(scores)) <= limit
    assert not error(scores.exp() / scores.exp().sum(-1, keepdim=True)) <= limit  # NaN
    winner = truth.argmax(-1, keepdim=True)
    assert error(torch.zeros_like(scores).scatter(-1, (winner + 1) % 7, 1.0)) > limit


def test_a_weak_fill_is_beyond_what_large_scores_allow() -> None:
    scores = Draw(1, "low").uniform(40, 7) - 1e4
    hides = torch.arange(7) == 3
    truth = torch.softmax(scores.double().masked_fill(hides, -math.inf), -1)
    weak = torch.softmax(scores.masked_fill(hides, -1e4), -1)
    assert float((weak - truth).abs().max()) > 10 * allowed(truth, torch.float32, scores=1e4)


def test_a_check_draws_the_same_at_the_same_seed_and_else_not() -> None:
    assert torch.equal(Draw(5, "a")(3), Draw(5, "a")(3))
    assert not torch.equal(Draw(5, "a")(3), Draw(5, "b")(3))
    assert not torch.equal(Draw(5, "a")(3), Draw(6, "a")(3))


def test_drawn_masks_leave_every_row_something_and_hide_something() -> None:
    for seed in range(50):
        mask = Draw(seed, "m").mask(3, 4, 5)
        assert bool(mask.any(-1).all())
        assert not bool(mask.all(-1).any())
        order = Draw(seed, "p").permutation(5)
        assert bool((order != torch.arange(5)).all())


@pytest.mark.parametrize(("largest", "right"), [(1.0, False), (100.0, True)])
def test_what_a_calls_own_scores_explain_is_allowed(largest: float, right: bool) -> None:
    """1.5e-5 off is too much for scores of 1, and what float32 knows of scores of 100."""
    draw = Draw(3, "scores")
    call = {name: draw(2, 5, 4) for name in ("query", "key", "value")}
    scores = call["query"] @ call["key"].mT / 2
    call["query"] = call["query"] * (largest / float(scores.abs().max()))
    truth = attention(**call)
    output = (truth + 1.5e-5 * truth.abs().max()).float()
    request = Request({}, {}, (Call(call),))
    answer = Answer(output, "tensor", request, 0)
    if right:
        Definition(attention).agree([answer])
    else:
        with pytest.raises(Fault, match="values are wrong"):
            Definition(attention).agree([answer])


@pytest.mark.parametrize("wrong", [None, 0, 5, 11])
def test_a_chain_of_calls_is_judged_at_once_and_each_by_its_own_part(
    wrong: int | None,
) -> None:
    """Twelve steps cost one pass of the truth; one that is off is refused wherever it stands."""
    draw, passes = Draw(4, "chain"), list[int]()

    def summed(x: Tensor, cache: object = None, *, attend: object) -> Tensor:
        passes.append(x.size(-2))
        return x.double().cumsum(-2)

    calls = [
        Call({"x": draw(2, 1, 3), **({"cache": After(n - 1)} if n else {})}) for n in range(12)
    ]
    request = Request({}, {}, tuple(calls))
    outputs = summed(request.whole(11)["x"], attend=None).float().split(1, dim=-2)
    answers = [Answer(o + 0.1 * (n == wrong), "tensor", request, n) for n, o in enumerate(outputs)]
    passes.clear()
    if wrong is None:
        Definition(summed, causal=True).agree(answers)
        assert passes == [12]
    else:
        with pytest.raises(Fault, match="values are wrong"):
            Definition(summed, causal=True).agree(answers)
