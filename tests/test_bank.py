"""The words of a bank: draws that repeat at their seed, and how close is right."""

from __future__ import annotations

import pytest
import torch

from grader.bank.draw import Draw
from grader.bank.tolerance import CEILING, ROUNDINGS, allowed


def test_tolerances_are_those_promised() -> None:
    truth = torch.tensor([10.0, -20.0], dtype=torch.float64)
    assert allowed(truth, torch.float32) == pytest.approx(20 * ROUNDINGS)
    far_off = truth + 0.1
    assert allowed(truth, torch.float32, far_off) == pytest.approx(20 * CEILING)
    assert ROUNDINGS <= 1e-5
    assert CEILING < 1e-3
    half = allowed(truth, torch.float16, far_off)
    assert half == pytest.approx(0.4, rel=1e-3)


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
