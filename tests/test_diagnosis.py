"""Which mistake was made: one, two, one beside a remark, or none that is known.

The solution, the mistakes and the submissions are three lines long here, so that what is found is
what was put there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from grader.bank.draw import Draw
from grader.diagnosis import convention, guard, search, xray
from grader.diagnosis import structure as structure_module
from grader.diagnosis.comparison import SAME, Case, Suspect, alike
from grader.diagnosis.search import diagnose
from grader.diagnosis.structure import diagnose_structure
from grader.diagnosis.xray import XRay
from grader.exchange.answer import Answer, Exchange, trace_of
from grader.exchange.layout import Layout
from grader.exchange.local import Variant, load_variant
from grader.exchange.matching import Unmatched
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata, find
from grader.kata.mutants import Edit, Pitfall
from grader.report.verdict import Check, Diagnosis, Evidence, Fault, Tier, Verdict

KATA = find("sdpa")
TEXT = """
import torch

def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1)
    scores = scores / 2.0
    weights = torch.softmax(scores, dim=-1)
    context = weights @ value
    return context
"""
CHECKS = ("test_first", "test_second", "test_third")


def pitfall(
    name: str, right: str, *wrong: str, check: str = "test_first", **more: object
) -> Pitfall:
    edits = tuple(Edit((right,), (each,)) for each in wrong)
    return Pitfall(name, f"the title of {name}", "", f"why {name}?", check, edits, **more)  # type: ignore[arg-type]


SCALE = pitfall("scale", "scores / 2.0", "scores * 2.0", "scores / 4.0")
AXIS = pitfall("axis", "dim=-1", "dim=-2")
KEEP = pitfall("keep", "weights @ value", "weights @ value + value.sum()")
STYLE = pitfall("style", "return context", "return context + 0.25", remark=True)
CRASH = pitfall("crash", "context = weights", "raise ValueError('no 1')\ncontext = weights")
OTHER = pitfall("other", "context = weights", "raise ValueError('no 2')\ncontext = weights")
KNOWN = (SCALE, AXIS, KEEP, STYLE, CRASH, OTHER)


def edited(*mistakes: Pitfall, spelling: int = 0) -> str:
    text = TEXT
    for mistake in mistakes:
        changed = mistake.edits[spelling].apply(text)
        assert changed is not None
        text = changed
    return text


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[Pitfall]:
    """The mistakes that are known; a test may change them."""
    pitfalls = list(KNOWN)
    monkeypatch.setattr(search, "load_pitfalls", lambda _: tuple(pitfalls))
    return pitfalls


def requests(count: int = 1, seed: int = 1) -> list[Request]:
    draw = Draw(seed, "requests")

    def call() -> Call:
        values = {name: draw(3, 4, 4) for name in ("query", "key", "value")}
        return Call(values, cotangent=draw(3, 4, 4))

    return [Request({}, {}, (call(),), trace=True) for _ in range(count)]


def asked(text: str, request: Request, kata: Kata = KATA) -> Exchange:
    """What a submission with this text answers."""
    variant = load_variant(kata, text)
    try:
        answers = variant.answers(request)
    except Fault as fault:
        return Exchange(request, fault=fault)
    return Exchange(request, answers, trace=trace_of(variant.last_reply))


def failed(name: str, tier: Tier = Tier.REQUIRED, **evidence: object) -> Check:
    return Check(name, "", "equivalence", tier, Verdict.WRONG_ANSWER, evidence=Evidence(**evidence))  # type: ignore[arg-type]


def passed(name: str) -> Check:
    return Check(name, "", "equivalence", Tier.REQUIRED, Verdict.ACCEPTED)


def diagnosed(*texts: str, checks: Sequence[Check] = (), source: str = "") -> Diagnosis:
    """The diagnosis of failing checks, each of which a submission of this text was asked in."""
    exchanges = {
        name: [asked(text, request) for request in requests(seed=place)]
        for place, (name, text) in enumerate(zip(CHECKS, texts, strict=False))
    }
    checks = checks or [failed(name) for name in exchanges]
    return diagnose(KATA, checks, exchanges, Layout(), source, texts=[TEXT])


def named(diagnosis: Diagnosis) -> list[str]:
    return [finding.pitfall for finding in diagnosis.findings]


# --- what is named ----------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [0, 1])
def test_one_mistake_is_named_in_whichever_spelling(known: list[Pitfall], spelling: int) -> None:
    found = diagnosed(edited(SCALE, spelling=spelling))
    assert named(found) == ["scale"]
    assert (found.explained, found.failing) == (1, 1)
    (finding,) = found.findings
    assert (finding.title, finding.question) == ("the title of scale", "why scale?")


def test_two_mistakes_are_named_together(known: list[Pitfall]) -> None:
    found = diagnosed(edited(SCALE, AXIS), edited(SCALE, AXIS))
    assert sorted(named(found)) == ["axis", "scale"]
    assert (found.explained, found.failing) == (2, 2)


def test_two_mistakes_are_named_in_other_spellings_than_the_first(known: list[Pitfall]) -> None:
    assert sorted(named(diagnosed(edited(AXIS, replace(SCALE, edits=SCALE.edits[1:]))))) == [
        "axis", "scale",
    ]  # fmt: skip


def test_a_remark_beside_a_mistake_explains_and_is_not_named(known: list[Pitfall]) -> None:
    found = diagnosed(edited(SCALE, STYLE))
    assert named(found) == ["scale"]
    assert found.explained == 1


def test_one_beside_a_remark_is_thought_of_before_two() -> None:
    """Where both explain as much, the smaller accusation is the one to make."""
    seldom = "return context + 0.25 * bool(query.max() > 50)"
    remark = pitfall("remark", "return context", seldom, remark=True)
    twin = pitfall("twin", "return context", seldom)
    small, large = requests(2)
    large.calls[0].arguments["query"].mul_(100)
    made = edited(SCALE, remark)
    cases = [Case((asked(made, request),), []) for request in (small, large)]
    for known in ([twin, SCALE, remark], [remark, SCALE, twin]):
        assert search.Search(KATA, known, list(cases), TEXT).run() == ((SCALE,), 2)


def test_what_is_unknown_is_not_named(known: list[Pitfall]) -> None:
    strange = TEXT.replace("return context", "return context * 1.5")
    assert diagnosed(strange) == Diagnosis((), 0, 1)
    assert named(diagnosed(edited(SCALE, STYLE).replace("0.25", "0.26"))) == []


def test_without_failing_checks_there_is_nothing_to_name(known: list[Pitfall]) -> None:
    assert diagnose(KATA, [passed("test_first")], {}, Layout(), texts=[TEXT]) == Diagnosis()


@pytest.mark.parametrize("verdict", [Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT])
def test_what_overran_is_not_run_here_and_what_is_a_matter_of_form_not_explained(
    known: list[Pitfall], verdict: Verdict
) -> None:
    (request,) = requests()
    overran = Exchange(request, fault=Fault(verdict, "more than its share"))
    wrong = asked(edited(SCALE), request)
    checks, exchanges = [failed("test_first")], {"test_first": [wrong, overran]}
    assert diagnose(KATA, checks, exchanges, Layout(), texts=[TEXT]) == Diagnosis()
    checks, exchanges = [failed("test_first", formal=True)], {"test_first": [wrong]}
    assert diagnose(KATA, checks, exchanges, Layout(), texts=[TEXT]) == Diagnosis()


def test_what_explains_half_of_it_is_named_and_said_to_be_half(known: list[Pitfall]) -> None:
    strange = TEXT.replace("return context", "return context * 1.5")
    found = diagnosed(edited(SCALE), strange)
    assert (named(found), found.explained, found.failing) == (["scale"], 1, 2)
    less = diagnosed(edited(SCALE), strange, strange)
    assert (named(less), less.explained, less.failing) == ([], 0, 3)


def test_what_explains_more_is_named_though_it_is_tried_later(known: list[Pitfall]) -> None:
    found = diagnosed(edited(SCALE), edited(AXIS), edited(AXIS))
    assert (named(found), found.explained) == (["axis"], 2)


def test_of_two_that_explain_as_much_the_first_is_named(known: list[Pitfall]) -> None:
    known.insert(known.index(SCALE) + 1, replace(SCALE, id="twin"))
    strange = TEXT.replace("return context", "return context * 1.5")
    assert named(diagnosed(edited(SCALE), strange)) == ["scale"]


def test_a_mistake_that_its_own_check_did_not_catch_was_not_made(known: list[Pitfall]) -> None:
    known[known.index(SCALE)] = replace(SCALE, check="test_second")
    text = edited(SCALE)
    assert named(diagnosed(text, checks=[failed("test_first"), passed("test_second")])) == []
    both = [failed("test_first"), failed("test_second")]
    assert named(diagnosed(text, checks=both)) == ["scale"]


def test_what_costs_stars_is_a_remark_and_never_a_mistake(known: list[Pitfall]) -> None:
    stretch = [failed("test_first", Tier.STRETCH)]
    assert named(diagnosed(edited(STYLE), checks=stretch)) == ["style"]
    assert named(diagnosed(edited(SCALE), checks=stretch)) == []


def test_stretch_is_not_looked_at_while_required_checks_fail(known: list[Pitfall]) -> None:
    checks = [failed("test_first"), failed("test_second", Tier.STRETCH)]
    found = diagnosed(edited(SCALE), edited(KEEP), checks=checks)
    assert (named(found), found.failing) == (["scale"], 1)


def test_of_crashes_the_one_with_the_same_words_is_named(known: list[Pitfall]) -> None:
    known.reverse()
    for mistake in (CRASH, OTHER):
        assert named(diagnosed(edited(mistake))) == [mistake.id]


def test_of_crashes_with_other_numbers_the_same_kind_is_named(known: list[Pitfall]) -> None:
    known[:] = [replace(CRASH, edits=(Edit(("context = weights",), (
        "raise ValueError('3 of (4, 5)')\ncontext = weights",)),))]  # fmt: skip
    told = edited(CRASH).replace("'no 1'", "'7 of (8, 9)'")
    assert named(diagnosed(told)) == ["crash"]
    assert named(diagnosed(told.replace("of", "by"))) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mat1 and mat2 shapes cannot be multiplied (3x7 and 2x3)",
         "mat1 and mat2 shapes cannot be multiplied (12x7 and 2x9)", True),
        ("mat1 and mat2 shapes cannot be multiplied (3x7 and 2x3)",
         "mat1 and mat2 shapes cannot be multiplied (3x5 and 3x3)", False),
        ("The size of tensor a (5) must match the size of tensor b (6)",
         "The size of tensor a (6) must match the size of tensor b (5)", False),
        ("to be: [2, 4] but got: [2, 5]", "to be: [6, 4] but got: [6, 5]", True),
        ("to be: [2, 4] but got: [2, 5]", "to be: [2, 4] but got: [2, 7]", False),
    ],
)  # fmt: skip
def test_which_sizes_do_not_fit_tells_the_operation(one: str, other: str, same: bool) -> None:
    faults = [Fault(Verdict.RUNTIME_ERROR, f"RuntimeError: {words}") for words in (one, other)]
    assert alike(*faults) is same


def test_a_loop_is_named_by_what_it_grows_with(known: list[Pitfall]) -> None:
    known.append(pitfall("loop", "nowhere", "", grows="rows"))
    assert named(diagnosed(checks=[failed("test_first", grows="rows")])) == ["loop"]
    assert named(diagnosed(checks=[failed("test_first", grows="heads")])) == []
    both = diagnosed(edited(SCALE), checks=[failed("test_first", grows="rows")])
    assert named(both) == ["scale", "loop"]
    assert both.explained == both.failing == 2


def test_the_line_to_look_at_is_code(known: list[Pitfall]) -> None:
    known[known.index(SCALE)] = replace(SCALE, look=r"softmax|/")
    source = '"""Weights are a softmax / sum."""\n# softmax\nx = 1  # or /\ny = x / 2\n'
    (finding,) = diagnosed(edited(SCALE), source=source).findings
    assert finding.line == 4
    for uncertain in ("x = 1\n", source + "z = y / 3\n"):
        (nowhere,) = diagnosed(edited(SCALE), source=uncertain).findings
        assert nowhere.line is None


# --- how much work that is --------------------------------------------------------------------


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were held against a submission."""
    texts: list[str] = []
    begin = Suspect.__post_init__

    def counting(suspect: Suspect) -> None:
        texts.append(suspect.text)
        begin(suspect)

    monkeypatch.setattr(Suspect, "__post_init__", counting)
    return texts


def test_a_search_ends_with_what_explains_everything(
    known: list[Pitfall], tried: list[str]
) -> None:
    diagnosed(edited(SCALE))
    assert tried == [edited(SCALE)]


def test_likely_pairs_are_tried_first(known: list[Pitfall], tried: list[str]) -> None:
    """Those with a mistake that explains something by itself."""
    half = [edited(SCALE), edited(SCALE, AXIS)]
    assert sorted(named(diagnosed(*half))) == ["scale"]
    pairs = [text for text in tried if text not in {edited(p, spelling=n) for p in KNOWN
                                                    for n in range(len(p.edits))}]  # fmt: skip
    first = pairs[: len(pairs) // 4]
    assert all("scores * 2.0" in text for text in first)


def test_a_search_has_a_budget(
    known: list[Pitfall], tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few evaluations it tries one mistake, and one pair, and says what it knows by then."""
    monkeypatch.setattr(search, "SINGLES", 1)
    monkeypatch.setattr(search, "PAIRS", 1)
    known[:] = [pitfall(f"p{n}", "scores / 2.0", f"scores / {n + 3}.0") for n in range(50)]
    known.append(AXIS)
    strange = TEXT.replace("return context", "return context * 1.5")
    assert named(diagnosed(strange)) == []
    assert len(tried) == 2
    tried.clear()
    assert named(diagnosed(edited(known[0]))) == ["p0"]


def test_a_clock_is_the_last_guard_and_the_report_says_so(
    known: list[Pitfall], tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no time left it tries one mistake, and one pair, and says what it knows by then."""
    known[:] = [pitfall(f"p{n}", "scores / 2.0", f"scores / {n + 3}.0") for n in range(50)]
    known.append(AXIS)
    strange = TEXT.replace("return context", "return context * 1.5")
    assert not diagnosed(strange).cut
    monkeypatch.setattr(guard, "SECONDS", -1.0)
    tried.clear()
    assert diagnosed(strange).cut
    assert len(tried) == 2


def test_a_mutant_that_explains_none_of_the_first_few_is_let_go(known: list[Pitfall]) -> None:
    known[:] = [SCALE]
    for few, found in ((search.TASTE, ()), (search.TASTE - 1, (SCALE,))):
        texts = [edited(AXIS)] * few + [edited(SCALE)] * 2 * search.TASTE
        cases = [
            Case((asked(text, request),), [])
            for text, request in zip(texts, requests(len(texts)), strict=True)
        ]
        assert search.Search(KATA, known, cases, TEXT).run()[0] == found


# --- what counts as the same ------------------------------------------------------------------


def explains(
    text: str, exchange: Exchange, kata: Kata = KATA, layout: Layout | None = None
) -> bool:
    suspect = Suspect(kata, text, Layout() if layout is None else layout, {})
    return suspect.explains(Case((exchange,), [])) is not None


def changed(exchange: Exchange, **parts: object) -> Exchange:
    """The exchange with something else in its answer."""
    (answer,) = exchange.answers
    return replace(exchange, answers=(replace(answer, **parts),))  # type: ignore[arg-type]


def test_answers_are_the_same_up_to_roundings() -> None:
    exchange = asked(TEXT, requests()[0])
    output = exchange.answers[0].output
    scale = float(output.abs().max())
    assert explains(TEXT, exchange)
    assert explains(TEXT, changed(exchange, output=output + 0.5 * SAME * scale))
    assert not explains(TEXT, changed(exchange, output=output + 2 * SAME * scale))
    assert not explains(TEXT, changed(exchange, output=output[..., :1]))
    assert not explains(TEXT, changed(exchange, output=output.double()))
    spoilt = output.clone()
    spoilt[0, 0, 0] = math.nan
    assert not explains(TEXT, changed(exchange, output=spoilt))


def test_nan_is_the_same_as_nan_in_the_same_places() -> None:
    text = TEXT.replace("return context", "context[0, 0] = torch.nan; return context")
    exchange = asked(text, replace(requests()[0], calls=(replace(
        requests()[0].calls[0], cotangent=None),)))  # fmt: skip
    assert explains(text, exchange)
    assert not explains(text.replace("[0, 0]", "[0, 1]"), exchange)


def test_gradients_have_to_be_the_same_too() -> None:
    exchange = asked(TEXT, requests()[0])
    gradients = dict(exchange.answers[0].gradients)
    assert gradients.keys() == {"input query", "input key", "input value"}
    assert not explains(TEXT.replace("return context", "return context.detach()"), exchange)
    detached = TEXT.replace("query @", "query.detach() @")
    assert not explains(detached, exchange), "a gradient that is missing is missing in both"
    assert explains(detached, asked(detached, exchange.request))
    assert not explains(TEXT, asked(detached, exchange.request))
    gradients["input key"] = gradients["input key"] * 1.01
    assert not explains(TEXT, changed(exchange, gradients=gradients))


def test_who_changes_its_inputs_is_told_from_who_does_not() -> None:
    request = replace(requests()[0], calls=(Call(requests()[0].calls[0].arguments,
                                                 keep_inputs=True),))  # fmt: skip
    spoils = TEXT.replace("return context", "value.zero_(); return context")
    assert explains(spoils, asked(spoils, request))
    assert not explains(spoils, asked(TEXT, request))
    assert not explains(TEXT, asked(spoils, request))


def test_a_crash_is_no_answer_and_an_answer_no_crash() -> None:
    request = requests()[0]
    crashing = edited(CRASH)
    assert explains(crashing, asked(crashing, request))
    assert not explains(crashing, asked(TEXT, request))
    assert not explains(TEXT, asked(crashing, request))


def test_a_fault_is_like_another_whatever_names_and_numbers_are_in_it() -> None:
    def fault(message: str, verdict: Verdict = Verdict.RUNTIME_ERROR) -> Fault:
        return Fault(verdict, message)

    one = fault("got [3, 4] for 'q' and `k` at (1, 2), 5 times")
    assert alike(one, fault("got [7] for 'query' and `key` at (9, 9, 9), 12 times"))
    assert not alike(one, fault("had [3, 4] for 'q' and `k` at (1, 2), 5 times"))
    assert not alike(one, fault(one.message, Verdict.MEMORY_LIMIT))


LAYER = find("fused-qkv")
SLICED = (
    "qkv = self.qkv_proj(x)",
    "w, b = self.qkv_proj.weight, self.qkv_proj.bias\n        qkv = torch.cat("
    "[nn.functional.linear(x, w[i::3], b[i::3]) for i in range(3)], -1)"
    ".unflatten(-1, (3, -1)).transpose(-2, -1).flatten(-2)",
)
"""Three products with parts of one weight; the same numbers come out."""


def solution_of(kata: Kata) -> Variant:
    return load_variant(kata, kata.solution.read_text(encoding="utf-8"))


def layer_request(layout: Layout) -> Request:
    draw = Draw(1, "layer")
    construct = dict(LAYER.entry.probe)
    shapes = LAYER.shapes(construct)
    weights = draw.weights(shapes, [r for r in shapes if layout.biased(r)])
    return Request(
        construct, weights, (Call({"x": draw(1, 3, construct["hidden_dim"])}),), trace=True
    )


def test_the_same_numbers_by_other_uses_of_the_weights_are_not_the_same() -> None:
    """What `rules` forbid shows in the trace alone."""
    text = LAYER.solution.read_text(encoding="utf-8")
    sliced = text.replace(*SLICED)
    assert sliced != text
    layout = solution_of(LAYER).layout
    exchange = asked(sliced, layer_request(layout), LAYER)
    assert explains(sliced, exchange, LAYER, layout)
    assert not explains(text, exchange, LAYER, layout)


def test_without_a_request_the_weights_shapes_have_to_be_the_same() -> None:
    text, layout = LAYER.solution.read_text(encoding="utf-8"), solution_of(LAYER).layout
    own = sorted(shape for _, shape in layout.found)
    suspect = Suspect(LAYER, text, layout, {})
    assert suspect.explains(Case((), own)) == 0
    assert suspect.explains(Case((), own[1:])) is None


# --- submissions that cannot be built or matched ----------------------------------------------


@pytest.fixture
def structures(monkeypatch: pytest.MonkeyPatch) -> list[Pitfall]:
    right = "self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)"
    mistakes = [
        pitfall("two", right, "self.qkv_proj = nn.Linear(hidden_dim, 2 * hidden_dim)"),
        pitfall("typo", right, "self.qkv_proj = nn.Liner(hidden_dim, 3 * hidden_dim)"),
        pitfall("fine", right, "self.mine = self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)"),
    ]
    monkeypatch.setattr(structure_module, "load_pitfalls", lambda _: tuple(mistakes))
    return mistakes


def failure_of(mistake: Pitfall) -> Fault | Unmatched:
    text = mistake.edits[0].apply(LAYER.solution.read_text(encoding="utf-8"))
    assert text is not None
    with pytest.raises((Fault, Unmatched)) as raised:
        load_variant(LAYER, text)
    return raised.value  # type: ignore[return-value]


def structure(failure: Fault | Unmatched) -> list[str]:
    shapes = failure.shapes if isinstance(failure, Unmatched) else ()
    return named(diagnose_structure(LAYER, failure, shapes))


def test_a_submission_that_fails_as_one_known_mistake_does_is_told(
    structures: list[Pitfall],
) -> None:
    two, typo, _ = structures
    assert structure(failure_of(two)) == ["two"]
    assert structure(failure_of(typo)) == ["typo"]


def test_where_several_fail_alike_none_is_named(structures: list[Pitfall]) -> None:
    structures.append(replace(structures[0], id="again"))
    assert structure(failure_of(structures[0])) == []


def test_nor_is_what_fails_otherwise(structures: list[Pitfall]) -> None:
    assert structure(Unmatched("", [(1, 2)])) == []
    assert structure(Fault(Verdict.RUNTIME_ERROR, "KeyError: 'x'")) == []
    assert diagnose_structure(LAYER, Unmatched("", [(1, 2)]), [(1, 2)]).failing == 1


def test_a_remark_is_never_why_a_submission_cannot_be_built(structures: list[Pitfall]) -> None:
    structures[0] = replace(structures[0], remark=True)
    assert structure(failure_of(structures[0])) == []


# --- right alternatives -----------------------------------------------------------------------


def test_the_way_a_submission_goes_is_told_by_its_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = KATA.solution.read_text(encoding="utf-8")
    other = text.replace("    return weights @ value", "    return 2 * (weights @ value)")
    assert other != text
    ways = [convention.Way(text, "once"), convention.Way(other, "twice")]
    monkeypatch.setattr(convention, "ways", lambda _: ways)
    for way in ways:
        exchanges = [asked(way.text, request) for request in requests(3)]
        assert convention.nearest(KATA, exchanges, Layout()) == [way]
    assert convention.nearest(KATA, [], Layout()) == ways, "nothing tells them apart"


# --- the X-ray --------------------------------------------------------------------------------


def seen(scale: float = 1 / math.sqrt(8), mask: torch.Tensor | None = None) -> XRay:
    scores = Draw(1, "scores")(6, 6).double() * 3
    truth = (scores / math.sqrt(8)).softmax(-1)
    return XRay((scores * scale).softmax(-1), truth, scores, 8, mask)


def test_right_weights_are_not_talked_about() -> None:
    assert not xray.differ(seen())
    assert xray.facts(seen()) == ()


@pytest.mark.parametrize("scale", [1.0, 1 / 8, math.sqrt(8)])
def test_the_scale_is_read_off_the_weights(scale: float) -> None:
    assert xray.effective_scale(seen(scale)) == pytest.approx(scale, rel=1e-6)
    (said,) = xray.facts(seen(scale))
    assert said.startswith(f"the scores are multiplied by {scale:.3g}, expected 1/√8 = 0.354")


def test_where_weights_are_no_softmax_of_scores_there_is_no_scale() -> None:
    other = replace(seen(), weights=Draw(2, "other")(6, 6).double().softmax(-1))
    assert xray.effective_scale(other) is None
    assert xray.effective_scale(replace(seen(), scores=torch.ones(6, 6).double())) is None
    negative = replace(seen(), weights=-seen().weights)
    assert xray.effective_scale(negative) is None


def test_what_the_weights_sum_to_is_said() -> None:
    half = replace(seen(), weights=seen().weights / 2)
    assert xray.facts(half)[0] == "each query's weights sum to 0.500 over the keys, expected 1"
    columns = replace(seen(), weights=(seen().scores / math.sqrt(8)).softmax(-2))
    assert xray.facts(columns)[0].endswith(
        "over the keys, expected 1; over the queries they sum to 1"
    )


def test_what_hidden_keys_get_is_said() -> None:
    mask = torch.ones(6, 6).tril().bool()
    truth = seen().scores.masked_fill(~mask, -torch.inf).div(math.sqrt(8)).softmax(-1)
    masked = replace(seen(mask=mask), truth=truth)
    assert any("hidden keys get up to" in line for line in xray.facts(masked))
    assert xray.facts(replace(masked, weights=truth)) == ()


def test_weights_that_are_no_numbers_are_said_to_be_none() -> None:
    weights = seen().weights.clone()
    weights[0, 0] = math.nan
    assert xray.facts(replace(seen(), weights=weights)) == (
        "some attention weights are not finite",
    )


@pytest.mark.parametrize("slug", ["sdpa", "multi-head", "causal-mask"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_right_submission_shows_the_true_weights(slug: str, masked: bool) -> None:
    kata = find(slug)
    variant = solution_of(kata)
    looked = xray.look(
        kata, variant.layout, variant.answers, variant.answers, Draw(1, "x"), masked=masked
    )
    assert looked is not None
    assert torch.allclose(looked.weights.sum(-1), torch.ones(6).double(), atol=1e-5)
    assert (looked.mask is not None) is masked
    if looked.mask is not None:
        assert float(looked.weights[~looked.mask].abs().max()) == 0.0
    if slug != "causal-mask" or masked:
        scale = xray.effective_scale(looked)
        assert slug == "causal-mask" or scale == pytest.approx(
            1 / math.sqrt(looked.width), rel=1e-3
        )


def test_a_wrong_one_shows_its_own() -> None:
    variant = solution_of(KATA)
    wrong = load_variant(KATA, KATA.solution.read_text().replace("math.sqrt(d_k)", "1.0"))
    looked = xray.look(KATA, Layout(), wrong.answers, variant.answers, Draw(1, "x"), masked=False)
    assert looked is not None
    (said,) = xray.facts(looked)
    assert said.startswith("the scores are multiplied by 1, expected 1/√8 = 0.354")


def test_who_cannot_be_looked_into_is_not() -> None:
    def raises(request: Request) -> Sequence[Answer]:
        raise Fault(Verdict.RUNTIME_ERROR, "no")

    right = solution_of(KATA).answers
    assert xray.look(KATA, Layout(), raises, right, Draw(1, "x"), masked=False) is None
