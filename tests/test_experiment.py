"""Predict, then see: what an experiment says is what the candidate's own code does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from grader.author.experiments import unlike
from grader.bank.draw import Draw
from grader.bank.truth import attention
from grader.exchange.local import LazySolution
from grader.judge.experiments.experiment import (
    EXPERIMENTS,
    Seen,
    asked_of,
    declared,
    experiment,
    is_attention,
)
from grader.judge.experiments.inputs import HEADS, MANY, Inputs, half, in_dtype, padded, wide
from grader.judge.experiments.observe import observe
from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.entry_point import EntryPoint, Parameter
from grader.kata.kata import Kata, KataError, Role, all_katas, find
from grader.kata.mutants import singles
from grader.kata.pitfalls import load_pitfalls
from grader.kata.refused import Refused
from grader.report.verdict import Fault, Verdict

KATAS = [kata for kata in all_katas() if is_attention(kata)]
"""Those that experiments have inputs for, masked and not."""
MASKED = [kata for kata in KATAS if kata.entry.mask is not None]
SCALED = [kata for kata in KATAS if EXPERIMENTS["unscaled"].applies(kata)]
"""Those whose scores are divided by the root of a width."""
FUNCTION = next(kata for kata in KATAS if not kata.entry.is_module)
LAYER = next(kata for kata in MASKED if kata.entry.is_module)
SEED = 20
PATIENCE = (0.5, 0.25)

Look = Callable[[Kata, str, str], Seen]


@pytest.fixture
def look(session: Session) -> Look:
    """Observe a text in an experiment."""

    def observed(kata: Kata, text: str, name: str) -> Seen:
        source = Source(Path("their.py"), text, "")
        seen = observe(kata, source, session.server, name, SEED, patience=PATIENCE)
        assert seen.experiment == name
        known = experiment(name)
        assert known is not None
        assert seen.happened in dict(known.choices)
        assert 1 <= len(seen.said) <= 4
        assert all(0 < len(line) <= 160 for line in seen.said)
        return seen

    return observed


def solution(kata: Kata) -> str:
    return kata.solution.read_text(encoding="utf-8")


def mutants(kata: Kata, pitfall: str) -> list[str]:
    """The solution with this mistake in it, in each of its spellings."""
    known = [p for p in load_pitfalls(kata) if p.id == pitfall]
    return [mutant.text for mutant in singles(known, solution(kata))]


def slugs(katas: list[Kata]) -> list[str]:
    return [kata.slug for kata in katas]


# --- which experiments can be asked -----------------------------------------------------------


def test_what_it_says_needs_no_torch() -> None:
    code = "import sys, grader.judge.experiments.experiment; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_an_experiment_speaks_in_few_words() -> None:
    for key, one in EXPERIMENTS.items():
        assert key == one.id
        assert len(one.ask.split()) <= 35
        keys = [k for k, _ in one.choices]
        assert len(keys) == len(set(keys))
        assert {"error", "other"} <= set(keys)
        assert all(len(label) <= 50 for _, label in one.choices)
    assert EXPERIMENTS["half"].label("close").startswith("the right answer")
    assert EXPERIMENTS["half"].label("their own words") == "their own words"


def test_a_scale_is_asked_about_where_there_is_one_and_no_temperature() -> None:
    tempered = {k.slug for k in KATAS if any(p.means == "temperature" for p in k.entry.call)}
    assert tempered
    assert {k.slug for k in KATAS} - {k.slug for k in SCALED} == tempered
    assert all(EXPERIMENTS["padded-row"].applies(k) for k in MASKED if k.slug in tempered)


@pytest.mark.parametrize("kata", KATAS, ids=slugs(KATAS))
def test_a_padded_row_is_asked_where_there_is_a_mask(kata: Kata) -> None:
    applying = {name for name, experiment in EXPERIMENTS.items() if experiment.applies(kata)}
    masked = {"padded-row"} if kata.entry.mask else set()
    if kata.rung <= 6:
        assert applying == {"half", "unscaled"} | masked


MEANS = {"hidden_dim": "width", "num_heads": "heads", "num_kv_heads": "kv_heads"}


def entry(kind: str, construct: str, call: str, reads: str) -> EntryPoint:
    built = tuple(Parameter(n, probe=12, means=MEANS.get(n, "")) for n in construct.split())
    called = tuple(Parameter(n, default="None" if n == "mask" else None) for n in call.split())
    parts = dict(zip(("query", "key", "value"), reads.split(), strict=True))
    return EntryPoint("Theirs", kind, built, called, reads=parts)


@pytest.mark.parametrize(
    ("kind", "construct", "call", "reads"),
    [
        ("function", "", "x", "x x x"),
        ("function", "", "query key value window", "query key value"),
        ("module", "hidden_dim num_heads", "x context mask", "x context context"),
        ("module", "hidden_dim num_heads num_kv_heads", "x mask", "x x x"),
        ("module", "query_dim key_dim hidden_dim", "query key value mask", "query key value"),
    ],
)
def test_what_we_have_no_inputs_for_is_not_asked(
    kind: str, construct: str, call: str, reads: str
) -> None:
    kata = replace(LAYER, entry=entry(kind, construct, call, reads))
    assert not any(experiment.applies(kata) for experiment in EXPERIMENTS.values())


def test_projections_that_are_not_square_are_not_asked() -> None:
    narrow = {**LAYER.roles, "key": Role("hidden_dim / 2", "hidden_dim")}
    assert not EXPERIMENTS["half"].applies(replace(LAYER, roles=narrow))


def test_what_cannot_be_asked_is_refused_in_words(look: Look) -> None:
    maskless = next(kata for kata in all_katas() if kata.entry.mask is None)
    with pytest.raises(Refused, match=rf"`padded-row` cannot be asked of kata `{maskless.slug}`"):
        look(maskless, solution(maskless), "padded-row")
    with pytest.raises(Refused, match="there is no experiment `ful`: there are padded-row, half"):
        look(LAYER, solution(LAYER), "ful")


# --- the inputs show what they are to show ----------------------------------------------------


def inputs(kata: Kata) -> Inputs:
    variant = LazySolution(kata, solution(kata)).variant
    return Inputs(kata, variant.layout, Draw(SEED, "test"))


def test_half_precision_holds_the_scores_exactly_but_not_their_exponentials() -> None:
    arguments = half(inputs(FUNCTION)).calls[0].arguments
    query, key = arguments["query"], arguments["key"]
    scores = query @ key.mT / query.shape[-1] ** 0.5
    assert scores.dtype is torch.float16
    exact = query.double() @ key.double().mT / query.shape[-1] ** 0.5
    assert torch.equal(scores.double(), exact)
    assert 14 < float(scores.min()) < 18 < float(scores.max()) < 22
    assert bool(scores.exp().isinf().all())


def test_a_layers_scores_are_those_of_the_function() -> None:
    request = half(inputs(LAYER))
    x = next(iter(request.calls[0].arguments.values()))
    assert x.dtype is request.dtype is torch.float16
    query, key = (x @ request.weights[role].weight.T for role in ("query", "key"))
    scores = (query @ key.mT / x.shape[-1] ** 0.5).double()
    assert 14 < float(scores.min()) < 18 < float(scores.max()) < 22
    diagonal = scores.diagonal(dim1=-2, dim2=-1)
    assert float(diagonal.mean()) < 20, "no token is to be its own best key by construction"


def test_the_scale_shows_at_unit_variance() -> None:
    request, d_k = wide(inputs(FUNCTION), times=False)
    louder, _ = wide(inputs(FUNCTION), times=True)
    query, key = (request.calls[0].arguments[name] for name in ("query", "key"))
    assert (d_k, query.shape[-2], key.shape[-2]) == (512, MANY, MANY)
    assert float((query @ key.mT).std()) == pytest.approx(d_k**0.5, rel=0.05)
    assert torch.allclose(louder.calls[0].arguments["query"], query * d_k**0.5)
    assert torch.equal(louder.calls[0].arguments["key"], key)


def test_a_layers_scores_have_unit_variance_in_every_head() -> None:
    kata = next(kata for kata in MASKED if "num_heads" in kata.entry.probe)
    request, d_k = wide(inputs(kata), times=False)
    x = next(iter(request.calls[0].arguments.values()))
    assert d_k * HEADS == x.shape[-1]
    for role in ("query", "key"):
        projected = x @ request.weights[role].weight.T
        assert float(projected.std()) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("name", ["padded", "half", "wide"])
def test_the_solution_we_compare_with_is_torchs_own_attention(name: str) -> None:
    made = inputs(FUNCTION)
    request = {
        "padded": lambda: padded(made)[0],
        "half": lambda: half(made),
        "wide": lambda: wide(made, times=False)[0],
    }[name]()
    truth = attention(*request.calls[0].arguments.values())
    known = LazySolution(FUNCTION, solution(FUNCTION))
    answer = known.answers(in_dtype(request, torch.float64))[0].output
    assert torch.allclose(answer, truth, atol=1e-12)


# --- what happens -----------------------------------------------------------------------------


@pytest.mark.parametrize("kata", KATAS, ids=slugs(KATAS))
def test_the_solution_does_what_a_model_answer_says(look: Look, kata: Kata) -> None:
    expected = {"padded-row": "zeros", "half": "close", "unscaled": "one-hot"}
    for name, happened in expected.items():
        if EXPERIMENTS[name].applies(kata):
            assert look(kata, solution(kata), name).happened == happened


def test_the_error_in_half_precision_is_one_of_rounding(look: Look) -> None:
    measured = look(FUNCTION, solution(FUNCTION), "half").said[1].split()
    assert measured[:3] == ["float16:", "largest", "error"]
    assert 0 < float(measured[3]) < 2e-3


@pytest.mark.parametrize("kata", MASKED, ids=slugs(MASKED))
def test_the_fill_decides_about_a_row_that_sees_nothing(look: Look, kata: Kata) -> None:
    infinite, uniform = (mutants(kata, p)[0] for p in ("infinite-fill", "uniform-when-all-hidden"))
    seen = look(kata, infinite, "padded-row")
    assert seen.happened == "nan"
    assert "NaN or inf in" in seen.said[-1]
    if kata in SCALED:
        assert look(kata, infinite, "half").happened == "close"
    seen = look(kata, uniform, "padded-row")
    assert seen.happened == "uniform"
    assert seen.said[-2:] == (
        "everywhere else: right",
        "gradients of a loss that leaves it out: all finite",
    )


@pytest.mark.parametrize("kata", [k for k in MASKED if k in SCALED], ids=lambda kata: kata.slug)
def test_a_fill_beyond_65504_raises_in_half_precision(look: Look, kata: Kata) -> None:
    for text in mutants(kata, "fill-overflows-half")[2:]:  # those that hide keys once
        seen = look(kata, text, "half")
        assert seen.happened == "error"
        assert "without overflow" in seen.said[1]
        assert "masked_fill" in seen.said[2], "the candidate's own line"
        assert look(kata, text, "padded-row").happened == "uniform"


@pytest.mark.parametrize("kata", MASKED, ids=slugs(MASKED))
def test_zeros_that_hide_a_broken_gradient_are_told(look: Look, kata: Kata) -> None:
    seen = look(kata, mutants(kata, "nan-gradient")[0], "padded-row")
    assert seen.happened == "zeros"
    assert "NaN or inf in" in seen.said[-1]


@pytest.mark.parametrize("kata", SCALED, ids=slugs(SCALED))
def test_a_missing_scale_is_finite_and_wrong(look: Look, kata: Kata) -> None:
    unscaled = mutants(kata, "no-scale")[0]
    assert look(kata, unscaled, "half").happened == "other"
    seen = look(kata, unscaled, "unscaled")
    assert seen.happened == "one-hot"
    as_written = seen.said[1]
    assert as_written.startswith("as written: largest weight 0.")
    assert float(as_written.split()[4].rstrip(",")) > 0.8, "the scale is missing as it is"


def test_the_numbers_are_those_of_the_textbook(look: Look) -> None:
    said = look(FUNCTION, solution(FUNCTION), "unscaled").said
    largest, slopes = zip(
        *((float(s.split()[-3].rstrip(",")), float(s.split()[-1])) for s in said[1:]), strict=True
    )
    assert largest == pytest.approx((0.11, 0.93), abs=0.04)
    assert slopes == pytest.approx((0.96, 0.10), abs=0.05)


@pytest.mark.parametrize(
    ("pitfall", "spelling", "name", "happened"),
    [
        ("scale-by-d", 0, "unscaled", "flat"),
        ("scale-multiplied", 0, "unscaled", "one-hot"),
        ("softmax-over-queries", 0, "unscaled", "other"),
        ("not-a-softmax", 2, "unscaled", "other"),
        ("dot-t", 0, "unscaled", "error"),
        ("naive-exp", 0, "half", "nonfinite"),
        ("float32-inside", 0, "half", "error"),
        ("float32-inside", 1, "half", "upcast"),
        ("mask-inverted", 0, "padded-row", "other"),
        ("penalty-too-weak", 0, "padded-row", "other"),
        ("mask-after-softmax", 0, "padded-row", "zeros"),
        ("mask-after-softmax", 1, "padded-row", "other"),
        ("key-for-value", 0, "padded-row", "other"),
        ("if-mask", 0, "padded-row", "error"),
        ("calls-the-builtin", 0, "half", "error"),
    ],
)
def test_every_mistake_shows_as_what_it_does(
    look: Look, pitfall: str, spelling: int, name: str, happened: str
) -> None:
    assert look(FUNCTION, mutants(FUNCTION, pitfall)[spelling], name).happened == happened


def test_not_a_number_comes_from_infinite_scores_without_a_mask(look: Look) -> None:
    text = solution(FUNCTION).replace("scores / math.sqrt(d_k)", "scores / 0.0")
    assert look(FUNCTION, text, "unscaled").happened == "nan"


def test_a_cosine_does_not_notice_a_louder_query(look: Look) -> None:
    normalised = "d_k = query.size(-1); query = query / query.norm(dim=-1, keepdim=True)"
    text = solution(FUNCTION).replace("d_k = query.size(-1)", normalised)
    assert look(FUNCTION, text, "unscaled").happened == "same"


def test_what_is_right_elsewhere_is_told_apart(look: Look) -> None:
    seen = look(LAYER, mutants(LAYER, "mask-inverted")[0], "padded-row")
    assert seen.said[2].startswith("everywhere else: wrong by up to")


def test_a_layer_owes_its_output_bias_where_it_has_one(look: Look) -> None:
    """Nothing gathered is exactly the bias, and zero where there is none."""
    right = solution(LAYER)
    forgotten = right.replace(
        "self.output_proj(context)", "nn.functional.linear(context, self.output_proj.weight)"
    )
    assert look(LAYER, forgotten, "padded-row").happened == "other"
    bare = forgotten.replace(
        "nn.Linear(hidden_dim, hidden_dim)", "nn.Linear(hidden_dim, hidden_dim, bias=False)"
    )
    assert look(LAYER, bare, "padded-row").happened == "zeros"


def test_the_same_seed_shows_the_same(look: Look) -> None:
    for name in EXPERIMENTS:
        assert look(LAYER, solution(LAYER), name) == look(LAYER, solution(LAYER), name)


# --- code that does not run -------------------------------------------------------------------


def test_an_answer_that_never_comes_is_an_outcome(look: Look) -> None:
    text = solution(FUNCTION).replace("d_k = query.size(-1)", "while True: pass")
    seen = look(FUNCTION, text, "half")
    assert seen.happened == "error"
    assert "no answer within 0.5 s" in seen.said


def test_words_without_end_are_cut(look: Look) -> None:
    text = solution(FUNCTION).replace("d_k = query.size(-1)", 'raise ValueError("long " * 300)')
    seen = look(FUNCTION, text, "unscaled")
    assert seen.happened == "error"
    assert seen.said[1].endswith("…")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_returns_no_tensor_is_an_error(look: Look, name: str) -> None:
    text = solution(FUNCTION).replace("return weights @ value", "return None")
    seen = look(FUNCTION, text, name)
    assert seen.happened == "error"
    assert "returned None" in seen.said[1]


def test_what_cannot_be_loaded_is_a_fault(look: Look) -> None:
    with pytest.raises(Fault) as caught:
        look(FUNCTION, "1 / 0\n" + solution(FUNCTION), "half")
    assert caught.value.verdict is Verdict.INVALID_SUBMISSION
    unmatched = solution(LAYER).replace("nn.Linear(hidden_dim, 3 * hidden_dim)", "nn.Linear(2, 2)")
    with pytest.raises(Fault, match="no weight could be matched"):
        look(LAYER, unmatched, "half")


# --- those that a kata brings -----------------------------------------------------------------

CACHE = find("kv-cache")


def test_what_comes_out_is_right_or_as_by_a_mistake_it_names(look: Look) -> None:
    text, name = solution(CACHE), "kv-cache.fed-twice"
    assert look(CACHE, text, name).happened == "right"
    (mutated, *_) = mutants(CACHE, "cache-mutated")
    seen = look(CACHE, mutated, name)
    assert seen.happened == "cache-mutated"
    assert "just as where" in seen.said[1]
    tripled = text.replace("return output, new_cache", "return 3 * output, new_cache")
    assert look(CACHE, tripled, name).happened == "other"
    broken = text.replace("return output, new_cache", "return output / 0, new_cache")
    assert look(CACHE, broken, name).happened == "nan"
    raising = text.replace("if cache is not None:", "if cache is not None and [][0]:")
    assert look(CACHE, raising, name).happened == "error"


def test_it_is_asked_of_its_kata_alone(look: Look) -> None:
    assert "kv-cache.fed-twice" in asked_of(CACHE)
    assert "kv-cache.fed-twice" not in asked_of(LAYER)
    with pytest.raises(Refused, match="cannot be asked of"):
        look(LAYER, solution(LAYER), "kv-cache.fed-twice")
    with pytest.raises(Refused, match=r"no experiment .*kv-cache\.fed-twice"):
        look(CACHE, solution(CACHE), "kv-cache.fed-thrice")
    assert experiment("no-kata.fed-twice") is None


SPOILT = {
    "calls give arguments and sizes": ("{ T = 3 }", "{ tokens = 3 }"),
    "its keys are": ('title = "One cache', 'name = "One cache'),
    "what is `right`": ('right = "what it would', 'well = "what it would'),
}


@pytest.mark.parametrize("said", SPOILT)
def test_one_that_cannot_be_read_is_named(said: str, tmp_path: Path) -> None:
    shutil.copytree(CACHE.folder, tmp_path / "kv-cache")
    path = tmp_path / "kv-cache" / "questions.toml"
    right, wrong = SPOILT[said]
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(KataError, match=rf"questions\.toml: \[\[experiment\]\]: .*{said}"):
        declared(replace(CACHE, folder=tmp_path / "kv-cache"))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('cache-mutated = "it', 'cache-cut = "it', "`cache-cut` comes out as right"),
        ('cache-mutated = "it', 'cache-eaten = "it', "`cache-eaten` is no pitfall of this kata"),
        ("{ hidden_dim = 8, num_heads = 2 }", "{ hidden_dim = 9, num_heads = 2 }", "an error"),
    ],
)
def test_the_gate_holds_its_outcomes_to_what_comes_out(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    shutil.copytree(CACHE.folder.parent, tmp_path / "katas")
    kata = replace(CACHE, folder=tmp_path / "katas" / "kv-cache")
    path = kata.folder / "questions.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    problems = list(unlike(kata, load_pitfalls(kata), seed=1))
    assert any(said in problem for problem in problems), problems
