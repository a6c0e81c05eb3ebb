"""The time budget holds on a machine that is fully loaded with something else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.kata.kata import find
from grader.report.verdict import Verdict
from tests.conftest import grade

pytestmark = pytest.mark.alone

CLOCK = Selection(only=("test_keeps_up_with_the_reference",))
LOOP = """
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    if query.dim() == 2:
        scores = query @ key.T / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        return torch.softmax(scores, -1) @ value
    if mask is not None:
        mask = mask.expand(*query.shape[:-1], key.shape[-2])
    masks = [None] * len(query) if mask is None else mask
    each = zip(query, key, value, masks)
    return torch.stack([scaled_dot_product_attention(*one) for one in each])
"""


def burn() -> None:
    while True:
        sum(range(100_000))


@pytest.fixture
def loaded_machine() -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    burners = [context.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 2)]
    for burner in burners:
        burner.start()
    yield
    for burner in burners:
        burner.kill()
        burner.join()


def test_the_reference_is_never_refused_under_load(session: Session, loaded_machine: None) -> None:
    kata = find("sdpa")
    for _ in range(4):
        report = grade(session, kata, kata.solution, selection=CLOCK)
        assert report.verdict is Verdict.ACCEPTED, report.checks


def test_a_loop_over_the_batch_is_never_accepted_under_load(
    session: Session, loaded_machine: None, tmp_path: Path
) -> None:
    file = tmp_path / "sdpa.py"
    file.write_text(LOOP)
    for _ in range(2):
        report = grade(session, find("sdpa"), file, selection=CLOCK)
        assert report.verdict is Verdict.TIME_LIMIT, report.budget
        assert "for half the batch" in report.checks[0].evidence.facts[0]
        assert report.diagnosis.findings[0].pitfall == "loop-over-the-batch"
