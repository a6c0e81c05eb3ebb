"""The engine's parts, each by what it promises."""

from __future__ import annotations

import json
import math
import os
import socket
import time

import pytest
import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.bank.tolerance import CEILING, ROUNDINGS, allowed
from grader.exchange.layout import Projection
from grader.exchange.matching import Unmatched, match, role_of
from grader.report.verdict import Check, Evidence, Fault, Report, Submission, Tier, Verdict
from grader.report.words import facts
from grader.worker import wire

# --- wire -------------------------------------------------------------------------------------


def ends() -> tuple[wire.Channel, socket.socket]:
    mine, theirs = socket.socketpair()
    return wire.Channel(mine), theirs


def test_a_message_arrives_as_it_was_sent_strides_included() -> None:
    here, there = ends()
    tensor = torch.randn(2, 3, 5).permute(2, 0, 1)
    sent = {"x": tensor, "again": [tensor, None, 1.5], "half": torch.ones(3, dtype=torch.bfloat16)}
    wire.Channel(there).send(sent)
    got = here.receive(time.monotonic() + 5)
    assert torch.equal(got["x"], tensor)
    assert got["x"].stride() == tensor.stride()
    assert got["again"][1:] == [None, 1.5]
    assert got["half"].dtype is torch.bfloat16


@pytest.mark.parametrize(
    "frame",
    [
        wire.PREFIX.pack(2, 0) + b"{]",
        wire.PREFIX.pack(2, 0) + b"[]",
        wire.PREFIX.pack(2, 4) + b"{}junk",
        wire.PREFIX.pack(1 << 40, 0),
        wire.PREFIX.pack(10, wire.MAX_FRAME + 1) + b"x" * 10,
        wire.PREFIX.pack(200_000, 0) + b"[" * 200_000,
        wire.PREFIX.pack(31, 0) + b'{"x": {"$tensor":"9","order":1}}'[:31],
    ],
)
def test_what_is_no_frame_is_refused_and_never_executed(frame: bytes) -> None:
    here, there = ends()
    there.setblocking(False)
    there.sendall(frame[:100_000])
    there.close()
    with pytest.raises((wire.WireError, wire.PeerGone)):
        here.receive(time.monotonic() + 5)


def test_a_frame_that_never_ends_meets_the_deadline() -> None:
    here, there = ends()
    there.sendall(wire.PREFIX.pack(100, 0) + b"{")
    begun = time.monotonic()
    with pytest.raises(wire.Deadline):
        here.receive(begun + 0.2)
    assert time.monotonic() - begun < 2


def test_a_reader_that_does_not_read_meets_the_deadline() -> None:
    here, _unread = ends()
    with pytest.raises(wire.Deadline):
        here.send({"x": torch.zeros(10_000_000)}, time.monotonic() + 0.2)


def test_a_flood_on_the_side_does_not_block_an_answer() -> None:
    here, there = ends()
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    here.drain = wire.Drain(read, keep=100)
    os.write(write, b"x" * 60_000)
    wire.Channel(there).send({"ok": True})
    for _ in range(3):
        here.drain.pull() if here.drain.open else None
        if here.drain.dropped:
            break
    assert here.receive(time.monotonic() + 5) == {"ok": True}
    assert len(here.drain.text) == 100
    assert here.drain.dropped == 59_900


# --- weights ----------------------------------------------------------------------------------

FIELD_NAMES = {
    "query": "query_proj q_proj W_q w_q wq linear_q to_q query query_f W_query fc_q attn.q".split(),
    "key": "key_proj k_proj W_k w_k wk linear_k to_k key key_f W_key proj.key keyProj".split(),
    "value": "value_proj v_proj W_v w_v wv linear_v to_v value value_f W_value values".split(),
    "output": "output_proj out_proj o_proj c_proj W_o fc dense to_out.0 fc_out out".split(),
}


@pytest.mark.parametrize(("role", "names"), FIELD_NAMES.items())
def test_a_role_is_known_by_every_name_of_the_field(role: str, names: list[str]) -> None:
    assert {name: role_of(f"{name}.weight") for name in names} == dict.fromkeys(names, role)


@pytest.mark.parametrize("name", ["qkv", "c_attn", "in_proj", "to_qkv", "proj", "mix", "norm"])
def test_other_names_speak_of_no_single_role(name: str) -> None:
    assert role_of(f"{name}.weight") is None


ROLES = dict.fromkeys(("query", "key", "value", "output"), (12, 12))
FUSED = ("query", "key", "value")


def test_weights_written_by_role_are_read_back_by_role() -> None:
    state = [("W_q", (12, 12)), ("W_k", (12, 12)), ("W_v", (12, 12)), ("b_q", (12,))]
    state += [("mix.weight", (12, 12)), ("mix.bias", (12,))]
    layout = match(state, ROLES, FUSED)
    weights = Draw(1, "w").weights(ROLES, [r for r in ROLES if layout.biased(r)])
    assert {r for r, p in weights.items() if p.bias is not None} == {"query", "output"}
    stored = layout.state(weights)
    assert torch.equal(stored["W_q"], weights["query"].weight.T), "bare and square is (in, out)"
    assert torch.equal(stored["mix.weight"], weights["output"].weight)
    back = layout.read(stored, weights)
    assert torch.equal(back["query weight"], weights["query"].weight)
    assert torch.equal(back["output bias"], weights["output"].bias)


@pytest.mark.parametrize("shape", [(36, 12), (12, 36)])
def test_a_fused_weight_holds_query_key_value_in_this_order(shape: tuple[int, int]) -> None:
    layout = match([("anything", shape), ("out_proj.weight", (12, 12))], ROLES, FUSED)
    weights = {r: Projection(torch.full((12, 12), float(i))) for i, r in enumerate(ROLES)}
    stored = layout.state(weights)["anything"]
    rows = stored if shape == (36, 12) else stored.T
    assert rows[:, 0].tolist() == [0.0] * 12 + [1.0] * 12 + [2.0] * 12
    assert layout.fused()


def test_what_cannot_be_matched_lists_expected_and_found() -> None:
    with pytest.raises(Unmatched, match=r"value 12×12.*Found: q.weight 12×12, k.weight 12×12"):
        match([("q.weight", (12, 12)), ("k.weight", (12, 12))], ROLES, FUSED)


def test_parameters_without_a_role_are_extras() -> None:
    state = [(f"linears.{i}.weight", (12, 12)) for i in range(4)] + [("norm.weight", (12,))]
    assert match(state, ROLES, FUSED).extras == ("norm.weight 12",)


# --- tolerance, draws, reports ----------------------------------------------------------------


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


def compared(got: float, expected: float, allowed: float | None) -> str:
    evidence = Evidence(index=(0, 2), got=got, expected=expected, allowed=allowed)
    check = Check(
        "test_a", "A claim.", "shape", Tier.REQUIRED, Verdict.WRONG_ANSWER, "off", 0.0, evidence
    )
    report = Report("sdpa", 1, "cpu", 0.0, Submission("sdpa.py"), (check,))
    return dict(facts(report, check))["got"]


def test_two_values_that_differ_are_never_printed_alike() -> None:
    assert compared(0.51234, -0.7, 1e-5) == "off: [0, 2] is 0.51234, expected -0.7"
    near = "[0, 2] is -1.35852, expected -1.35849: 3.0e-05 apart, 1.4e-05 is allowed"
    assert compared(-1.35852, -1.35849, 1.4e-5) == f"off: {near}"
    for exponent in range(3, 16):
        said = compared(1.0, 1.0 + 10.0**-exponent, None)
        got, expected = said.removeprefix("off: [0, 2] is ").split(", expected ")
        assert got != expected, said
    assert compared(math.nan, 1.0, None).endswith("is nan, expected 1")


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


def report(*verdicts: tuple[Tier, Verdict]) -> Report:
    checks = tuple(Check(str(i), "", "shape", t, v) for i, (t, v) in enumerate(verdicts))
    return Report("k", 0, "cpu", 0.0, Submission("x.py"), checks)


OK, WRONG = Verdict.ACCEPTED, Verdict.WRONG_ANSWER
REQUIRED, STRETCH = Tier.REQUIRED, Tier.STRETCH


@pytest.mark.parametrize(
    ("checks", "verdict", "stars"),
    [
        ([], Verdict.INTERNAL_ERROR, 0),
        ([(REQUIRED, OK)], OK, 3),
        ([(REQUIRED, OK), (STRETCH, WRONG)], OK, 1),
        ([(REQUIRED, OK), (STRETCH, WRONG), (STRETCH, OK), (STRETCH, OK)], OK, 2),
        ([(REQUIRED, WRONG), (STRETCH, OK)], WRONG, 0),
        ([(STRETCH, WRONG), (REQUIRED, Verdict.TIME_LIMIT), (REQUIRED, WRONG)], "time_limit", 0),
    ],
)
def test_the_first_failing_required_check_decides(checks, verdict, stars) -> None:
    graded = report(*checks)
    assert graded.verdict == verdict
    assert graded.stars == stars


# --- the worker and the judge -----------------------------------------------------------------


def test_a_check_that_never_reports_is_our_fault_and_never_a_pass(monkeypatch) -> None:
    from grader.judge import bank_run as module
    from grader.kata.kata import find

    def refuse(_check: str) -> None:
        raise Fault(WRONG, "no")

    chosen = module.Selection(without=("budget",))
    bench = module.Judge(find("sdpa"), refuse, 1, selection=chosen)
    monkeypatch.setattr(module.Judge, "_record", lambda *_: None)
    with pytest.raises(RuntimeError, match="never reported"):
        module.run_bank(bench)


def test_the_meta_stand_ins_step_aside_for_other_questions() -> None:
    import subprocess
    import sys

    code = (
        "import torch; from grader.worker.meta import without_compiler as w; w()\n"
        "x = torch.empty(2, 3, device='meta'); y = torch.softmax(x @ x.T / 2.0, -1)\n"
        "import sys; assert 'mpmath' not in sys.modules; assert y.shape == (2, 2)\n"
        "from torch.fx.experimental.symbolic_shapes import ShapeEnv; ShapeEnv()\n"
        "import sympy; assert sympy.Integer(2) + 1 == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_document_is_plain_json() -> None:
    from grader.report.document import to_document

    document = to_document(report((REQUIRED, WRONG)))
    assert json.loads(json.dumps(document))["verdict"] == "wrong_answer"
