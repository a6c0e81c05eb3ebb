"""Every standard claim is seen to fail on a mistake of its own, and a weakened one is found out."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.author.gate import Gate, Verification
from grader.author.mutation import Outcome, run_gauntlet
from grader.bank import Definition, standard
from grader.bank.calls import HUGE
from grader.bank.candidate import Candidate, Layer
from grader.bank.draw import Draw, Sizes
from grader.bank.dropout import assert_left_to_chance, assert_share_is_dropped
from grader.bank.standard.claim import Claim
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Build, Call, Request
from grader.judge.session import Session
from grader.kata.kata import Kata, all_katas, find
from grader.kata.mutants import Mutant, singles
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import Fault, Verdict

FILL = "torch.finfo(scores.dtype).min"
FILLED = f"scores.masked_fill(hidden, {FILL})"
ONCE_MORE = "weights = weights.masked_fill(hidden, 0.0)"
SOFTMAX = "torch.softmax(scores, dim=-1)"
CONTEXT = "return weights @ value"
BANNED = "torch.nn.functional.scaled_dot_product_attention(query, key, key)"
KEPT = "self.__dict__.setdefault(attention_mask.shape, attention_mask)"
BY_BATCH = "mask.dim() == 3 and scores.dim() == 4 and len(mask) == len(scores)"
KEPT_WIDE = "new_cache = (key.float(), value.float())"
SHARED = """past = 0 if cache is None else cache[0].size(-2)
        if past == 3:
            cache[0].add_(1e-2)
        new_cache = (key, value)"""
MISTAKES: dict[str, tuple[str, dict[str, str]]] = {
    "any_dtype": ("sdpa", {"mask == 0": "mask == 2 * (mask.dtype is torch.int16)"}),
    "any_length": ("sdpa", {"math.sqrt(d_k)": "math.sqrt(d_k + (key.size(-2) > 1024))"}),
    "apart": ("sdpa", {CONTEXT: f"{CONTEXT}.roll(int(value.size(0) == 3), 0)"}),
    "as_torch": ("multi-head", {"math.sqrt(self.head_dim)": "math.sqrt(self.head_dim + 0.1)"}),
    "beside": (
        "masked-dropout",
        {
            "self.dropout = nn.Dropout(dropout_rate)": "type(self).rate = dropout_rate",
            "self.dropout(weights)": "nn.functional.dropout(weights, self.rate, self.training)",
        },
    ),
    "continued": ("kv-cache", {"past = total - new": "past = 0 if new == 2 else total - new"}),
    "continued_in_dtypes": ("kv-cache", {"new_cache = (key, value)": KEPT_WIDE}),
    "biases": ("self-attention", {"self.query_proj(x)": "x @ self.query_proj.weight.T"}),
    "by_hand": ("sdpa", {CONTEXT: f"{BANNED}\n    {CONTEXT}"}),
    "dominated": ("sdpa", {FILL: "-1e4 if mask.dtype is torch.float64 else -1e9"}),
    "double": ("sdpa", {SOFTMAX: "torch.softmax(scores.float(), dim=-1)"}),
    "dropped": ("masked-dropout", {"self.dropout(weights)": "weights"}),
    "empty_row": ("sdpa", {ONCE_MORE: "pass"}),
    "empty_row_gradients": (
        "sdpa",
        {
            FILLED: "scores + torch.where(hidden, -math.inf, 0.0)",
            ONCE_MORE: "weights = weights.nan_to_num()",
        },
    ),
    "equal_scores": ("self-attention", {SOFTMAX: "torch.softmax(scores.tril(), dim=-1) * 0.9"}),
    "equal_sizes": (
        "fused-qkv",
        {"qkv.chunk(3, dim=-1)": "qkv.chunk(3, dim=1 if x.shape[1:] == (3, 3) else -1)"},
    ),
    "finite": ("sdpa", {SOFTMAX: "scores.exp() / scores.exp().sum(-1, True)"}),
    "formula": ("sdpa", {CONTEXT: f"{CONTEXT} * 1.001"}),
    "gradients": ("sdpa", {CONTEXT: "return weights.detach() @ value"}),
    "half": ("sdpa", {SOFTMAX: "torch.softmax(scores.double(), dim=-1)"}),
    "handed_over": ("self-attention", {CONTEXT: f"{CONTEXT} + x * 1e-3"}),
    "heads_apart": ("multi-head", {"weights @ value": "weights @ value.flip(1)"}),
    "hidden_stay_hidden": (
        "masked-dropout",
        {"self.dropout(weights)": "self.dropout(weights) + 0.01 * self.training"},
    ),
    "interleaved": (
        "kv-cache",
        {"cache is not None:": "cache is not None and len(x) != 3:"},
    ),
    "lines_up": ("sdpa", {"mask == 0": f"(mask[:, None] if {BY_BATCH} else mask) == 0"}),
    "long_holds": (
        "causal-mask",
        {"math.sqrt(self.head_dim)": "math.sqrt(self.head_dim + (key.size(-2) > 2000))"},
    ),
    "modes_agree": ("self-attention", {CONTEXT: f"{CONTEXT} * (1 + self.training)"}),
    "never_uneven": (
        "multi-head",
        {
            "if hidden_dim % num_heads != 0:": "if num_heads < 1:",
            "self.num_heads = num_heads": "self.num_heads = math.gcd(hidden_dim, num_heads)",
            "hidden_dim // num_heads": "hidden_dim // self.num_heads",
        },
    ),
    "no_device": ("sdpa", {"math.sqrt(d_k)": "torch.FloatTensor([math.sqrt(d_k)])"}),
    "no_influence": ("sdpa", {FILL: "scores.min()", ONCE_MORE: "pass"}),
    "none_dropped": (
        "masked-dropout",
        {"self.dropout(weights)": "nn.functional.dropout(weights, self.dropout.p)"},
    ),
    "nothing_kept": ("multi-head", {"attention_mask == 0": f"{KEPT} == 0"}),
    "nothing_more": (
        "self-attention",
        {"super().__init__()": "super().__init__()\n        self.norm = nn.LayerNorm(3)"},
    ),
    "obeyed": ("sdpa", {"mask == 0": "mask != 0"}),
    "order": (
        "self-attention",
        {"math.sqrt(self.hidden_dim)": "math.sqrt(self.hidden_dim) + torch.arange(x.size(1))"},
    ),
    "prefix": ("sdpa", {CONTEXT: f"{CONTEXT}.roll(int(key.size(-2) == 17), -2)"}),
    "revisited": ("kv-cache", {"new_cache = (key, value)": SHARED}),
    "scale": ("sdpa", {"math.sqrt(d_k)": "math.sqrt(min(d_k, 32))"}),
    "shape": ("sdpa", {CONTEXT: "return (weights @ value).squeeze()"}),
    "single": ("sdpa", {FILL: "-5.0", ONCE_MORE: "pass"}),
    "strided": ("sdpa", {"query @": "query.view(-1, d_k).view(query.shape) @"}),
    "sums_to_one": ("sdpa", {SOFTMAX: "torch.softmax(scores, dim=-2)"}),
    "training_gradients": (
        "masked-dropout",
        {"self.dropout(weights)": "weights + (self.dropout(weights) - weights).detach()"},
    ),
    "uneven_refused": ("multi-head", {"raise ValueError(": "raise RuntimeError("}),
    "untouched": ("sdpa", {CONTEXT: f"value.requires_grad or value.neg_().neg_()\n    {CONTEXT}"}),
}
"""One mistake for each claim, as an edit of a solution whose bank takes the claim over."""
CLOCKED = {"budget", "memory"}
"""What the judge's clock and scales decide is proved by the edits of each kata's own table."""


@cache
def checks_of(slug: str) -> dict[str, str]:
    """The checks of a bank by the standard claim that they take over."""
    (bank,) = find(slug).banks
    taken = re.findall(r"^(test_\w+) = standard\.(\w+)\(", bank.read_text("utf-8"), re.MULTILINE)
    return {claim: check for check, claim in taken}


@cache
def outcomes(slug: str) -> dict[str, Outcome]:
    """Each claim's mistake sent through the check that takes the claim over."""
    kata, mutants = find(slug), []
    for claim, (where, edits) in MISTAKES.items():
        text = kata.solution.read_text(encoding="utf-8")
        for right, wrong in edits.items() if where == slug else ():
            assert text.count(right) == 1, (claim, right)
            text = text.replace(right, wrong)
        if where == slug:
            mutants.append(Mutant((), (), text, claim))
    checks = checks_of(slug)
    found = run_gauntlet(kata, mutants, 7, lambda m, check: check == checks[m.origin])
    return {outcome.mutant.origin: outcome for outcome in found}


def test_every_claim_has_its_mistake() -> None:
    claims = {name for name in standard.__all__ if isinstance(getattr(standard, name), Claim)}
    assert set(MISTAKES) == claims - CLOCKED


@pytest.mark.parametrize("claim", MISTAKES)
def test_a_claim_fails_on_its_mistake(claim: str) -> None:
    slug = MISTAKES[claim][0]
    failed = outcomes(slug)[claim].failed
    assert [check.id for check in failed] == [checks_of(slug)[claim]]
    assert failed[0].verdict != "internal_error", failed[0].message


def test_a_claim_that_lost_its_teeth_is_found_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Definition, "agree", lambda _self, answers, **_: list(answers))
    gate = Gate(find("self-attention"), session, Verification("self-attention", seed=1))
    kata = gate.kata
    gate.singles(list(singles(load_pitfalls(kata), gate.text)))
    assert any("is not caught by" in problem for problem in gate.outcome.problems)


def test_a_claim_speaks_the_words_that_a_bank_gives_it() -> None:
    definition = Definition(lambda query: query)
    assert standard.finite(definition).__doc__ == standard.finite.__doc__
    assert standard.finite(definition, "It stays finite.").__doc__ == "It stays finite."


# --- the definition -------------------------------------------------------------------------------


def layer_of(slug: str, sizes: Sizes, definition: Definition) -> Layer:
    def never(_message: Any) -> Any:
        raise AssertionError

    kata = find(slug)
    candidate = Candidate(kata, Layout(), never, Draw(1, "weights"))
    return definition.layer(candidate, sizes)


def plain(*_: Tensor) -> Tensor:
    raise AssertionError("is not asked")


PLAIN = Definition(plain)
CAUSAL = Definition(plain, causal=True)


def test_a_functions_mask_has_every_form_that_broadcasts() -> None:
    layer = layer_of("sdpa", Sizes(), PLAIN)
    forms = PLAIN.forms(layer, Sizes((2, 3), 5, 7))
    assert len(forms) == 2 + 4 + 8 + 16
    assert {(5, 7), (7,), (1,), (3, 1, 7), (2, 1, 5, 1), (2, 3, 5, 7)} <= set(forms)
    assert all(form[-1] == 7 for form in PLAIN.forms(layer, Sizes((2, 3), 5, 7), hiding=True))


def test_a_layers_mask_has_the_rank_of_the_scores_or_is_a_square() -> None:
    sizes = Sizes((2,), 5, 5, heads=3)
    forms = PLAIN.forms(layer_of("multi-head", sizes, PLAIN), sizes)
    assert {len(form) for form in forms} == {2, 4}
    assert [form for form in forms if len(form) == 2] == [(5, 5)]
    assert len(forms) == 16 + 1


def test_a_call_has_the_sizes_that_were_asked_for() -> None:
    layer = layer_of("sdpa", Sizes(), PLAIN)
    call = PLAIN.call(Draw(1, "call"), layer, Sizes((2, 3), 5, 7, width=4, value=11))
    assert [tuple(t.shape) for t in call.values()] == [(2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 11)]
    assert layer.returned(call) == (2, 3, 5, 11)
    layer = layer_of("multi-head", Sizes(heads=3, width=4), PLAIN)
    call = PLAIN.call(Draw(1, "call"), layer, Sizes((2, 3), 5, 7, heads=3, width=4))
    assert {name: tuple(t.shape) for name, t in call.items()} == {"x": (2, 7, 12)}


@pytest.mark.parametrize(("slug", "definition"), [("sdpa", PLAIN), ("multi-head", CAUSAL)])
def test_scores_are_made_to_measure(slug: str, definition: Definition) -> None:
    sizes = definition.wide(4, heads=2)
    layer = layer_of(slug, sizes, definition)
    wanted = definition.opposed(Draw(1, "scores"), definition.visible((2, 2, 4, 4), None))
    call = definition.scored(Draw(2, "call"), layer, wanted)
    if layer.construct:
        query, key = (
            torch.nn.functional.linear(call["x"], layer.weights[role].weight)
            .unflatten(-1, (2, 16))
            .transpose(1, 2)
            for role in ("query", "key")
        )
    else:
        query, key = call["query"], call["key"]
    assert torch.equal(query @ key.mT / 4, wanted), "exactly, in float32"


@pytest.mark.parametrize("definition", [PLAIN, CAUSAL])
def test_opposed_scores_show_whatever_is_hidden_badly(definition: Definition) -> None:
    for seed in range(20):
        draw = Draw(seed, "opposed")
        mask = definition.mask(draw, 2, 3, 4, 6)
        seen = definition.visible((2, 3, 4, 6), mask)
        scores = definition.opposed(draw, seen)
        assert float(scores.abs().max()) <= HUGE
        shown, hidden = scores.masked_fill(~seen, 0.0), scores.masked_fill(seen, 0.0)
        assert bool((shown == -HUGE).any())
        assert bool((shown == HUGE).any())
        assert bool(((scores == 0) & seen).any()), "a visible score of exactly 0"
        low = (scores.masked_fill(~seen, HUGE) <= -HUGE).any(-1) & (hidden == HUGE).any(-1)
        assert bool(low.any()), "a hidden key at one end, a visible one at the other"


# --- dropout, by chance and not -------------------------------------------------------------------

RATE = 0.35
PASSES = (8, 8, 2, 7, 7)
SEEN = torch.ones(PASSES, dtype=torch.bool)


def verdict_on(gone: Tensor, seen: Tensor = SEEN) -> str:
    answer = Answer(torch.zeros(1), "tensor", Request({}, {}, (Call({}),)), 0)
    try:
        assert_left_to_chance(answer, gone, seen, RATE)
    except Fault as fault:
        return fault.message
    return ""


def chance(seed: int, *shape: int) -> Tensor:
    return Draw(seed, "chance").uniform(*(shape or PASSES)) < RATE


def test_what_is_left_to_chance_passes() -> None:
    some = chance(1, *PASSES) | True
    some[..., 2] = False
    for seed in range(60):
        assert verdict_on(chance(seed)) == ""
        assert verdict_on(chance(seed) | ~some, some) == ""


def shifted(row: Tensor) -> Tensor:
    return torch.cat([row.roll(step, -1) for step in range(7)], dim=-2)


FIXED = torch.arange(7 * 14).reshape(2, 7, 7) % 20 < 7
NOT_BY_CHANCE = {
    "shared by heads": chance(2, 8, 8, 1, 7, 7).expand(PASSES),
    "shared by examples": chance(3, 8, 1, 2, 7, 7).expand(PASSES),
    "shared by rows": chance(4, 8, 8, 2, 1, 7).expand(PASSES),
    "shared by passes": chance(5, 1, 8, 2, 7, 7).expand(PASSES),
    "whole rows": chance(6, 8, 8, 2, 7, 1).expand(PASSES),
    "shifted from row to row": shifted(chance(7, 8, 8, 2, 1, 7)),
    "shifted from example to example": torch.stack(
        [chance(8, 8, 2, 7, 7).roll((n, n), (-2, -1)) for n in range(8)], dim=1
    ),
    "too many": chance(9) | (Draw(9, "more").uniform(*PASSES) < 0.1),
    "never in the first head": chance(10) & (torch.arange(2)[:, None, None] > 0),
    "so many of a row": Draw(11, "rows").uniform(*PASSES).argsort(-1) < 2,
    "so many of a pass": (Draw(12, "pass").uniform(8, 784).argsort(-1) < round(RATE * 784)).reshape(
        PASSES
    ),
}


HALF = Draw(13, "half").uniform(8, 8, 1, 7, 4)
NOT_BY_CHANCE["one what the other keeps"] = torch.cat([HALF, 1 - HALF], -1)[..., :7] < RATE


@pytest.mark.parametrize("kind", NOT_BY_CHANCE)
def test_what_is_not_left_to_chance_is_refused(kind: str) -> None:
    gone = NOT_BY_CHANCE[kind]
    assert verdict_on(gone, torch.ones_like(gone)) != "", kind


LONG = 521
OF_THE_SAME = torch.ones(1, LONG, 3) * torch.tensor([0.3, -2.0, 0.01])


def verdict_on_long(survived: Tensor, rate: float = RATE) -> str:
    """On an output that is so many times the true one, row by row."""
    weights = {"output": Projection(torch.eye(3), torch.tensor([1.0, 0.0, 2.0]))}
    output = OF_THE_SAME * survived[:, None] + torch.tensor([1.0, 0.0, 2.0])
    answer = Answer(output, "tensor", Request({}, weights, (Call({}),)), 0)
    truth = OF_THE_SAME + torch.tensor([1.0, 0.0, 2.0])
    try:
        assert_share_is_dropped(answer, truth, torch.full((LONG,), LONG), rate)
    except Fault as fault:
        return fault.message
    return ""


def test_of_many_weights_the_share_that_is_dropped_is_told() -> None:
    for seed in range(20):
        kept = (~chance(seed, LONG, LONG)).sum(-1)
        assert verdict_on_long(kept / LONG / (1 - RATE)) == ""
    assert "nothing is dropped" in verdict_on_long(torch.ones(LONG))
    assert "are dropped in training" in verdict_on_long(kept / LONG)
    assert "are dropped in training" in verdict_on_long(kept / LONG / (1 - RATE), 0.37)


# --- several layers in one request ----------------------------------------------------------------


def test_a_request_knows_what_each_layer_holds_by_then() -> None:
    first, second, third = ({role: Projection(torch.zeros(1, 1))} for role in "abc")
    calls = (
        Call({}),
        Call({}, build=1),
        Call({}, weights=third),
        Call({}, dtype=torch.float64),
        Call({}, build=1),
    )
    request = Request({"n": 1}, first, calls, further=(Build({"n": 2}, second),))
    assert [build.construct["n"] for build in request.held] == [1, 2, 1, 1, 2]
    assert [set(build.weights) for build in request.held] == [{n} for n in "abccb"]
    dtypes = [build.dtype is torch.float64 for build in request.held]
    assert dtypes == [False, False, False, True, False]


GUARD = "assert not scores.isnan().any()\n    return weights @ value"
READERS = {
    "and nothing else": ({}, True),
    "beside a size that is made on the CPU": (
        {"math.sqrt(d_k)": "torch.FloatTensor([math.sqrt(d_k)])"},
        False,
    ),
    "beside a mask that is made where it may": (
        {SOFTMAX: f"{SOFTMAX} * torch.ones(scores.shape)"},
        False,
    ),
}


@pytest.mark.parametrize("what", READERS)
def test_who_reads_values_is_judged_by_what_goes_together_instead(what: str) -> None:
    edits, right = READERS[what]
    kata = find("sdpa")
    text = kata.solution.read_text(encoding="utf-8")
    for old, new in {CONTEXT: GUARD, **edits}.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    check = checks_of("sdpa")["no_device"]
    (outcome,) = run_gauntlet(kata, [Mutant((), (), text, what)], 7, lambda _, name: name == check)
    assert (outcome.failed == ()) is right, outcome.failed


MISSHAPEN = """

import functools
_own = {owner}

@functools.wraps(_own)
def _changed(*a, **k):
    output = _own(*a, **k)
    return {changed}

{owner} = _changed
"""


@pytest.mark.parametrize("kata", all_katas(), ids=lambda kata: kata.slug)
def test_an_answer_of_another_shape_is_nobodys_fault_but_the_candidates(kata: Kata) -> None:
    """What a bank computes with answers may rely on their shape: none ends in an error of ours."""
    owner = f"{kata.entry.name}.forward" if kata.entry.is_module else kata.entry.name
    mutants = [
        Mutant((), (), kata.solution.read_text() + MISSHAPEN.format(owner=owner, changed=changed))
        for changed in ("torch.cat((output, output), -2)", "output[None]")
    ]
    for outcome in run_gauntlet(kata, mutants, 5):
        assert outcome.refused
        faults = {Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR}
        assert {check.verdict for check in outcome.failed} <= faults
