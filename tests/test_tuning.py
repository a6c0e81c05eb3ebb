"""Numbers in edits: which of them may be another, and how the one that fits is found."""

from __future__ import annotations

import math

import pytest

from grader.diagnosis.tuning import LADDER, number_in, tuned, with_number
from grader.kata.mutants import Edit


@pytest.mark.parametrize(
    ("right", "wrong", "number"),
    [
        ("x / length", "x / (length + 1e-3)", "1e-3"),
        ("x / length", "x / length.clamp(min=0.5)", "0.5"),
        ("scores", "scores.clamp(-50, 50)", "50"),
        ("scores / 0.1", "scores / 0.1 / 8", "8"),
        ("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-2)", ""),
        ("scores", "scores ** 2", ""),
        ("scores", "30 * torch.tanh(scores / 20)", ""),
        ("scores", "head_dim64(scores)", ""),
    ],
)
def test_a_number_is_one_that_could_be_another(right: str, wrong: str, number: str) -> None:
    assert number_in(Edit((right,), (wrong,))) == number


def test_another_number_stands_in_every_place() -> None:
    edit = Edit(("scores",), ("scores.clamp(-50, 50)",))
    assert with_number(edit, "50", 80.0).wrong == ("scores.clamp(-80, 80)",)


@pytest.mark.parametrize("true", [3e-5, 1e-3, 2e-2, 0.15])
def test_the_number_that_fits_is_found_in_few_steps(true: float) -> None:
    asked: list[Edit] = []

    def error(edit: Edit) -> float:
        asked.append(edit)
        return abs(math.log(float(edit.wrong[0].split()[-1]) / true))

    found = tuned(Edit(("x",), ("x + 2e-3",)), error)
    assert true in LADDER
    assert f"x + {true:g}" in [edit.wrong[0] for edit in found]
    assert len(asked) <= 14
