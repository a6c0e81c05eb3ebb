"""What is read off a black box: the truth on what is right, and on a mistake what it is.

Everything runs in this process: the submissions here are the solutions, edited, and written ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from grader.diagnosis import guard
from grader.diagnosis.composition import compose
from grader.diagnosis.explanation import Examination
from grader.diagnosis.readings.reading import Reading
from grader.diagnosis.readings.structure import structure
from grader.exchange.local import Variant, load_variant
from grader.kata.kata import Kata, all_katas, find
from grader.kata.mutants import Edit
from grader.kata.vocabulary import values

torch.set_num_threads(1)  # as in a judge: for tensors this small more threads only wait
SEEDS = (1, 2, 3)
ALWAYS = {"precision", "inputs", "state", "length", "weights", "asks", "scores", "scale", "sums",
          "dropout"}  # fmt: skip
"""What is readable in every kata; masks where a kata has them."""
OF_A_PRODUCT = {"asks", "scores", "scale"}
OTHER_SCORES = {"additive-attention", "alibi"}
"""Katas whose scores are not a product of queries and keys and a factor, and nothing else."""
STYLES = {
    "sdpa": ("max_subtracted", "exp2_log2e", "log_domain"),
    "self-attention": ("max_subtracted", "log_domain"),
    "fused-qkv": ("einsum_projection", "to_qkv_unbind"),
    "masked-dropout": ("bare_parameters_own_dropout", "max_subtracted"),
    "multi-head": ("bert", "cat_chunks_bmm"),
    "causal-mask": ("additive_triu_inf", "gpt2_conv1d"),
    "grouped-query": ("bare_parameters", "config_heads_first"),
    "kv-cache": ("list_of_chunks", "fused_as_gpt"),
    "sliding-window": ("index_gather", "two_blocks"),
    "flash": ("module_and_split", "merged_by_logsumexp"),
    "cross-attention": ("folded_heads", "one_weight_sliced"),
    "dot-attention": ("softmax_by_hand", "query_key_value"),
    "cosine-attention": ("product_of_norms", "flattened_bmm"),
    "additive-attention": ("bias_and_vector", "config_object"),
    "alibi": ("paper_code", "scaled_query"),
}
"""Right submissions of every kata, as different as they come."""


def solution(kata: Kata) -> str:
    return kata.solution.read_text(encoding="utf-8")


def examined(kata: Kata, submission: Variant, seed: int = 1) -> Examination:
    return Examination(
        kata, submission.layout, submission.directly, solution(kata), seed, training=True
    )


def read(kata: Kata, submission: Variant, seed: int = 1) -> dict[str, Reading]:
    """What was read, by aspect."""
    examination = examined(kata, submission, seed)
    examination.ask_probes()
    return {r.aspect: r for r in examination.readings() if r is not None}


def value(kata: Kata, name: str, number: str = "") -> Sequence[Edit]:
    """The edits of one value of the vocabulary, with its number."""
    found = next(v for v in values(kata, solution(kata)) if v.id == name)
    return found.at(number).pitfall.edits


def wrong(kata: Kata, *edits: Edit) -> Variant:
    text = compose(solution(kata), edits)
    assert text is not None
    return load_variant(kata, text)


def rewritten(kata: Kata, old: str, new: str) -> Variant:
    assert old in solution(kata)
    return load_variant(kata, solution(kata).replace(old, new))


# --- what is right ------------------------------------------------------------------------------


READABLE = [k for k in all_katas() if k.entry.reads]


@pytest.mark.parametrize("kata", READABLE, ids=lambda k: k.slug)
def test_of_a_solution_all_is_read_and_all_is_true(kata: Kata) -> None:
    expected = ALWAYS | ({"mask"} if kata.entry.mask else set())
    expected -= OF_A_PRODUCT if kata.slug in OTHER_SCORES else set()
    submission = load_variant(kata, solution(kata))
    for seed in SEEDS:
        readings = read(kata, submission, seed)
        assert set(readings) == expected
        assert not [r for r in readings.values() if r.deviates]


@pytest.mark.parametrize("kata", READABLE, ids=lambda k: k.slug)
def test_nothing_deviates_in_another_style(kata: Kata) -> None:
    folder = Path(__file__).parent / "submissions/right" / kata.slug
    for file in STYLES[kata.slug]:
        text = (folder / f"{file}.py").read_text(encoding="utf-8")
        readings = read(kata, load_variant(kata, text))
        assert not [r for r in readings.values() if r.deviates], file


# --- what is not --------------------------------------------------------------------------------

WEIGHTS = [
    ("no-scale", "scale", "no-scale", ""),
    ("scale-by-d", "scale", "scale-by-d", ""),
    ("scale-multiplied", "scale", "scale-multiplied", ""),
    ("scale-constant", "scale", "scale-constant", "(1 / 8)"),
    ("scale-constant", "scale", "scale-constant", "(1 / 27.713)"),
    ("scale-power", "scale", "scale-power", ""),
    ("softmax-base-two", "scale", "softmax-base-two", ""),
    ("softmax-over-queries", "asks", "softmax-over-queries", ""),
    ("weights-transposed", "asks", "weights-transposed", ""),
    ("query-key-swapped", "asks", "query-key-swapped", ""),
    ("cosine-scores", "scores", "cosine-scores", ""),
    ("distance-for-dot-product", "scores", "distance-for-dot-product", ""),
    ("weights-scaled", "sums", "weights-scaled", "0.5"),
    ("denominator-with-epsilon", "sums", "denominator-with-epsilon", "0.1"),
]


@pytest.mark.parametrize("slug", ["self-attention", "causal-mask"])
@pytest.mark.parametrize(("name", "aspect", "expected", "number"), WEIGHTS)
def test_a_mistake_in_the_weights_is_read_as_what_it_is(
    slug: str, name: str, aspect: str, expected: str, number: str
) -> None:
    kata = find(slug)
    if slug == "causal-mask" and name == "denominator-with-epsilon":
        return  # where the future is hidden, a row of one key has another sum
    reading = read(kata, wrong(kata, value(kata, name, number)[0]))[aspect]
    assert (reading.value, reading.number) == (expected, number)


def test_a_scale_is_read_beside_another_axis_and_a_residual() -> None:
    kata = find("fused-qkv")
    parts = (("residual-inside", ""), ("softmax-over-queries", ""), ("scale-constant", "(1 / 8)"))
    readings = read(kata, wrong(kata, *(value(kata, *part)[0] for part in parts)))
    assert readings["asks"].value == "softmax-over-queries"
    assert readings["scale"].number == "(1 / 8)"


def test_sums_of_what_is_no_softmax_are_no_factor() -> None:
    kata = find("sdpa")
    besides = rewritten(
        kata, "return weights @ value", "return weights @ value + value.mean(-2, True)"
    )
    assert "sums" not in read(kata, besides)


def test_weights_that_follow_no_law_are_not_read() -> None:
    kata = find("self-attention")
    for name in ("scores-centred", "linear-attention"):
        readings = read(kata, wrong(kata, value(kata, name)[0]))
        assert not readings.keys() & {"asks", "scores", "scale"}, name
    soft = wrong(kata, *(e for e in value(kata, "scores-squashed") if "20 * torch" in e.wrong[0]))
    assert "scale" not in read(kata, soft)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("weights-applied-twice", 0), ("softmax-twice", 0), ("scores-squashed", 0),
        ("scores-through-an-activation", 0), ("scores-through-an-activation", 6),
        ("not-a-softmax", 0), ("not-a-softmax", 8), ("no-softmax", 0),
    ],
)  # fmt: skip
def test_a_form_and_a_scale_are_read_beside_each_other(name: str, number: int) -> None:
    kata = find("self-attention")
    submission = wrong(kata, value(kata, name)[number], value(kata, "scale-by-d")[0])
    readings = read(kata, submission)
    assert (readings["scores"].value, readings["scale"].value) == (name, "scale-by-d")


SEEN = [
    ("sdpa", "causal-by-habit", 0, "causal-by-habit", "(0, 72)"),
    ("masked-dropout", "visibility-shifted", 1, "visibility-shifted", "(-1, 72)"),
    ("multi-head", "itself-hidden", 0, "itself-hidden", ""),
    ("cross-attention", "window-uninvited", 0, "window-uninvited", "(-2, 5)"),
    ("causal-mask", "window-uninvited", 0, "window-uninvited", "(0, 8)"),
    ("causal-mask", "leaks-one", 0, "leaks-one", "(-1, 72)"),
    ("causal-mask", "hides-self", 0, "hides-self", ""),
    ("causal-mask", "sees-the-future", 0, "sees-the-future", "(-72, 0)"),
    ("causal-mask", "causal-rule-missing", 0, "causal-rule-missing", "(-72, 72)"),
    ("causal-mask", "future-filled-too-weakly", 0, "future-filled-too-weakly", "(-72, 72)"),
    ("self-attention", "first-keys-only", 0, "first-keys-only", "16"),
]


@pytest.mark.parametrize(("slug", "name", "which", "expected", "number"), SEEN)
def test_what_is_seen_is_read_as_a_band_of_keys(
    slug: str, name: str, which: int, expected: str, number: str
) -> None:
    kata = find(slug)
    submission = wrong(kata, value(kata, name, number)[which], value(kata, "no-scale")[0])
    found = examined(kata, submission)
    found.ask_probes()
    told = [(r.value, r.number) for r in found.readings() if r is not None]
    assert (expected, number) in told


def test_an_argument_added_and_a_result_made_even_are_read() -> None:
    kata = find("multi-head")
    for name, aspect in (("residual-inside", "residual"), ("result-normalised", "result")):
        reading = read(kata, wrong(kata, value(kata, name)[0], value(kata, "no-scale")[0]))[aspect]
        assert reading.value == name
    cut = wrong(kata, value(kata, "activation-on-the-result")[0])
    assert read(kata, cut)["result"].value == "activation-on-the-result"
    values = wrong(kata, value(kata, "activation-on-projections")[-7])
    assert "result" not in read(kata, values)


def test_noise_in_training_is_read_where_a_kata_has_no_dropout() -> None:
    kata = find("fused-qkv")
    reading = read(kata, wrong(kata, value(kata, "dropout-uninvited")[0]))["dropout"]
    assert reading.value == "dropout-uninvited"
    assert reading.words.endswith("% of the answer is 0")


def test_weights_that_half_precision_can_hold_are_read_as_that() -> None:
    kata = find("sdpa")
    for number in (0, 1):
        submission = wrong(kata, value(kata, "half-precision-inside")[number])
        assert read(kata, submission)["precision"].value == "half-precision-inside"


def test_a_mask_that_is_changed_in_place_is_read_whatever_its_dtype() -> None:
    kata = find("masked-dropout")
    for dtype in ("float", "long"):
        text = f"attention_mask.{dtype}().sub_(1) != 0"
        kept = rewritten(kata, "hidden = attention_mask == 0", f"hidden = {text}")
        assert read(kata, kept)["inputs"].value == "inputs-mutated", dtype


@pytest.mark.parametrize("slug", ["masked-dropout", "multi-head"])
@pytest.mark.parametrize(
    "name",
    [
        "no-dropout", "dropout-in-eval", "dropout-on-scores", "dropout-on-values",
        "dropout-on-output", "dropout-not-rescaled", "dropout-rate", "dropout-rate-swapped",
    ],
)  # fmt: skip
def test_what_dropout_does_is_read(slug: str, name: str) -> None:
    kata = find(slug)
    assert read(kata, wrong(kata, value(kata, name)[0]))["dropout"].value == name


def test_what_is_no_weight_tells_nothing_of_dropout() -> None:
    kata = find("multi-head")
    readings = read(kata, wrong(kata, value(kata, "split-no-transpose")[0]))
    assert "dropout" not in readings
    none = wrong(kata, value(kata, "split-no-transpose")[0], value(kata, "no-dropout")[0])
    assert read(kata, none)["dropout"].value == "no-dropout"


def test_a_mask_that_breaks_the_code_is_read_as_that() -> None:
    kata = find("sdpa")
    boolean = wrong(kata, value(kata, "mask-must-be-bool")[0])
    reading = read(kata, boolean)["mask"]
    assert (reading.value, reading.words) == ("mask-must-be-bool", "a mask of floats fails")
    ranked = rewritten(kata, "hidden = mask == 0", "hidden = mask.reshape(scores.shape) == 0")
    reading = read(kata, ranked)["mask"]
    assert reading.value == "mask-rank-assumed"
    assert reading.words.startswith("masks fail in these shapes: (5, 6)")


@pytest.mark.parametrize(
    ("old", "new", "aspect", "expected"),
    [
        ("weights = torch.softmax(", "query.add_(0.1)\n    weights = torch.softmax(", "inputs",
         "inputs-mutated"),
        ("scores = query @ key", "value = value.bfloat16().float()\n    scores = query @ key",
         "precision", "half-precision-inside"),
        ("scores = query @ key", "torch.zeros(1000)[: key.size(-2)] + key[..., 0]\n    "
         "scores = query @ key", "length", "maximum-length"),
    ],
)  # fmt: skip
def test_what_a_function_does_besides_is_read(
    old: str, new: str, aspect: str, expected: str
) -> None:
    kata = find("sdpa")
    assert read(kata, rewritten(kata, old, new))[aspect].value == expected


def test_what_is_kept_between_calls_is_read() -> None:
    kata = find("self-attention")
    kept = rewritten(kata, "scores = scores /", "self.n = getattr(self, 'n', 0) + 1\n        "
                     "scores = scores * self.n /")  # fmt: skip
    assert read(kata, kept)["state"].value == "state-kept"


def test_a_sequence_that_is_cut_off_has_a_maximum_length() -> None:
    kata = find("self-attention")
    cut = rewritten(kata, "query = self", "x = x[:, :64]\n        query = self")
    assert read(kata, cut)["length"].value == "maximum-length"


def test_shapes_tell_what_a_layer_lacks() -> None:
    kata = find("multi-head")
    (width, _) = kata.shapes(kata.entry.probe)["query"]
    square = (width, width)
    missing = structure(kata, [square, square, square, (width,)])
    assert missing is not None
    assert missing.value == "no-output-projection"
    fixed = structure(kata, [(64, 64)] * 4)
    assert fixed is not None
    assert fixed.value == "fixed-width"
    assert structure(kata, [square] * 4) is None
    assert structure(kata, []) is None


# --- read, put together, held against answers -----------------------------------------------------

Names = list[tuple[str, str]]
"""Values with their numbers."""


def named(kata: Kata, submission: Variant, seed: int) -> set[str]:
    found = examined(kata, submission, seed).explain([])
    return {p.value.id or p.id for p in found.parts if not p.value.pitfall.remark} | {
        v.id for v, _ in found.measured
    }


@pytest.mark.parametrize(
    ("slug", "parts"),
    [
        ("sdpa", [("no-scale", ""), ("mask-inverted", ""), ("uniform-when-all-hidden", "")]),
        ("sdpa", [("scale-by-d", ""), ("mask-after-softmax", ""), ("cosine-scores", "")]),
        ("causal-mask", [("merge-interleaved", ""), ("scale-constant", "(1 / 8)")]),
        ("multi-head", [("residual-inside", ""), ("no-dropout", ""), ("softmax-over-queries", "")]),
        ("fused-qkv", [("weights-transposed", ""), ("gradient-cut", "")]),
    ],
)
def test_the_same_mistakes_are_named_at_every_seed(slug: str, parts: Names) -> None:
    kata = find(slug)
    submission = wrong(kata, *(value(kata, *part)[0] for part in parts))
    expected = {name for name, _ in parts if name != "uniform-when-all-hidden"}
    for seed in SEEDS:
        assert named(kata, submission, seed) == expected


def test_a_name_does_not_depend_on_how_busy_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only evaluations are counted: a clock that runs three times as fast changes nothing."""
    kata = find("sdpa")
    submission = wrong(kata, value(kata, "softmax-twice")[0], value(kata, "mask-transposed")[0])
    clock = guard.time.process_time
    monkeypatch.setattr(guard.time, "process_time", lambda: 3 * clock())
    assert named(kata, submission, 1) == {"softmax-twice", "mask-transposed"}
