"""Axes are words: read, sized, spoken; and what kata.toml says with them is held to sense."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from grader.exchange.request import describe, probe_request
from grader.kata.axes import Axes, size
from grader.kata.glossary import attention_role, built_from, called_with, speaks_of_padding
from grader.kata.kata import BANNED, KataError, load

LAYER = """
title = "Theirs"
rung = 99
level = "mid"
par_minutes = 5
summary = "a layer of two inputs"

[entry]
name = "Theirs"
kind = "module"

[construct]
hidden_dim = { probe = 12, means = "width" }
num_heads = { probe = 4, means = "heads" }
num_kv_heads = { probe = 2, means = "kv_heads" }
scales = { default = "(1.0, 2)" }

[call]
x = "B L hidden_dim"
context = "B S hidden_dim"
window = { probe = 3 }
positions = { axes = "S", dtype = "int64" }
attention_mask = { axes = "B num_heads L S", mask = true, default = "None" }

[returns]
axes = "B L hidden_dim"

[reads]
query = "x"
key = "context"
value = "context"
scores = "B num_heads L S"

[weights]
key = ["num_kv_heads * hidden_dim / num_heads", "hidden_dim"]
score = { size = [1, "hidden_dim"], names = ["v", "energy"] }

[rules]
banned = ["torch.cumsum"]

[budget]
limit = 3.0
"""


def kata(tmp_path: Path, text: str = LAYER):
    folder = tmp_path / "katas" / "theirs"
    folder.mkdir(parents=True)
    (folder / "kata.toml").write_text(text, encoding="utf-8")
    return load(folder)


def test_axes_have_a_shape_for_sizes_and_leading_dims_where_they_may_stand() -> None:
    axes = Axes.parse("... L d_k")
    assert axes.shape({"L": 5, "d_k": 3}, lead=(2, 7)) == (2, 7, 5, 3)
    assert axes.shape({"L": 5, "d_k": 3}) == (5, 3)
    assert Axes.parse("B S D").shape({"B": 1, "S": 2, "D": 3}, lead=(9,)) == (1, 2, 3)


def test_one_word_is_one_size_wherever_it_stands() -> None:
    assert Axes.parse("B num_heads S S").places("S") == (-2, -1)
    assert Axes.parse("… L S").places("B") == ()


@pytest.mark.parametrize("text", ["", "B S-1", "B 3"])
def test_what_is_no_list_of_axes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no list of axes"):
        Axes.parse(text)


def test_a_shape_is_spoken_with_its_names_only_where_it_has_these_axes() -> None:
    assert Axes.parse("… L S").spoken((2, 3, 4)) == "(…, L, S)"
    assert Axes.parse("B L D").spoken((2, 3, 4)) == "(B, L, D)"
    assert Axes.parse("B L D").spoken((3, 4)) == ""


def test_a_size_is_arithmetic_on_names_and_nothing_else() -> None:
    known = {"hidden_dim": 12, "num_heads": 4, "num_kv_heads": 2}
    assert size("num_kv_heads * hidden_dim / num_heads", known) == 6
    assert size(1, known) == 1
    for bad in ("__import__('os')", "hidden_dim.real", "nobody", "2 **", "hidden_dim / 0"):
        with pytest.raises(ValueError, match="is no size"):
            size(bad, known)


def test_a_layer_of_two_inputs_with_heads_of_two_kinds_can_be_said(tmp_path: Path) -> None:
    theirs = kata(tmp_path)
    assert theirs.shapes(theirs.entry.probe) == {"key": (6, 12), "score": (1, 12)}
    assert theirs.roles["score"].names == ("v", "energy")
    assert theirs.heads(theirs.entry.probe) == 4
    assert theirs.entry.probe["scales"] == (1.0, 2)
    assert theirs.entry.mask is not None
    assert theirs.entry.mask.name == "attention_mask"
    assert theirs.banned == (*BANNED, "torch.cumsum")
    assert theirs.construction(2, 8) == {
        "hidden_dim": 16, "num_heads": 2, "num_kv_heads": 2, "scales": (1.0, 2)
    }  # fmt: skip


def test_lazy_layers_are_warmed_with_what_every_call_gives(tmp_path: Path) -> None:
    warm = probe_request(kata(tmp_path)).warm
    assert {n: tuple(t.shape) for n, t in warm.items() if isinstance(t, torch.Tensor)} == {
        "x": (2, 2, 12), "context": (2, 2, 12), "positions": (2,)
    }  # fmt: skip
    assert warm["window"] == 3
    assert warm["positions"].dtype is torch.int64


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('axes = "B L hidden_dim"', 'axes = "B, L"', "'B, L' is no list of axes"),
        ('query = "x"', 'query = "y"', r"\[reads\] query = 'y': the arguments are"),
        ('means = "heads"', 'means = "head"', "`num_heads` means 'head': known are"),
        ('default = "(1.0, 2)"', 'default = "(1.0"', "`scales`: "),
        ("probe = 12, ", "", "`hidden_dim` has neither axes nor a default: it needs a `probe`"),
        ('mask = true', 'masked = true', "attention_mask: `masked` means nothing here"),
        ('kind = "module"', "", "'kind' is missing"),
    ],
)  # fmt: skip
def test_what_kata_toml_gets_wrong_is_said_with_its_file(
    right: str, wrong: str, complaint: str, tmp_path: Path
) -> None:
    assert right in LAYER
    with pytest.raises(KataError, match=rf"kata.toml: .*{complaint}"):
        kata(tmp_path, LAYER.replace(right, wrong, 1))


def test_what_was_passed_is_said_with_the_names_of_its_sizes() -> None:
    said = describe(
        {"hidden_dim": 12, "rate": 0.1},
        {"x": torch.zeros(2, 7, 12), "mask": torch.ones(7, 7, dtype=torch.bool), "window": 3},
        {"x": Axes.parse("B S hidden_dim"), "mask": Axes.parse("B S S")},
    )
    assert said == (
        "hidden_dim=12, rate=0.1, x (2, 7, 12) = (B, S, hidden_dim), mask (7, 7) bool, window=3"
    )


@pytest.mark.parametrize(
    ("name", "means"),
    [("n_embd", "width"), ("H", "heads"), ("attn_pdrop", "dropout"), ("block_size", "length"),
     ("banana", None)],
)  # fmt: skip
def test_the_glossary_knows_what_constructors_are_built_from(name: str, means: str | None) -> None:
    assert built_from(name) == means


@pytest.mark.parametrize(
    ("name", "means"), [("attn_mask", "mask"), ("src_mask", "mask"), ("tau", "temperature")]
)
def test_the_glossary_knows_what_calls_pass(name: str, means: str) -> None:
    assert called_with(name) == means


def test_a_name_speaks_of_one_role_or_of_none() -> None:
    assert [attention_role(n) for n in ("input_Q", "key_states", "v")] == ["query", "key", "value"]
    assert attention_role("key_padding_mask") is None
    assert attention_role("q_and_k") is None
    assert speaks_of_padding("key_padding_mask")
