"""Names told in this process: own names, and layers that are not those of their kata."""

from __future__ import annotations

import multiprocessing
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grader.author.mutation import among
from grader.judge.session import fresh_seed
from grader.kata.kata import Kata, all_katas, find
from tests.benchmark import outcome_of
from tests.conftest import Sample, samples
from tests.naming import diagnosis, first_edits, own_name

ONE_IN = 16
"""Of so many mistakes one is tried here, at a seed of its own; `tests/benchmark.py --own` tries all
of them, at as many as are asked for."""


@pytest.mark.parametrize("kata", all_katas(), ids=lambda k: k.slug)
def test_a_mistake_is_called_by_its_own_name_at_a_seed_of_its_own(kata: Kata) -> None:
    for mutant in first_edits(kata):
        seed = zlib.crc32(mutant.name.encode())
        if among(ONE_IN, mutant.name):
            found = diagnosis(kata, mutant.text, seed)
            assert own_name(mutant, found), (mutant.name, seed, found)


HEADS = """
import torch
from torch import nn

class SelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads=8):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.heads = num_heads
        self.query, self.key, self.value = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x):
        parts = (layer(x) for layer in (self.query, self.key, self.value))
        query, key, value = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in parts)
        weights = torch.softmax(query @ key.mT / query.size(-1) ** 0.5, dim=-1)
        return (weights @ value).transpose(1, 2).flatten(-2)
"""


@pytest.mark.parametrize(
    ("slug", "changes", "expected"),
    [
        ("masked-dropout", [("nn.Linear(hidden_dim, hidden_dim)", "nn.Identity()"),
                            ("hidden = attention_mask == 0", "hidden = attention_mask != 0")],
         {"no-output-projection", "mask-inverted"}),
        ("self-attention", [("self.hidden_dim = hidden_dim", "self.hidden_dim = hidden_dim\n"
                             "        self.out = nn.Linear(hidden_dim, hidden_dim)"),
                            ("return weights @ value", "return self.out(weights @ value)"),
                            ("dim=-1", "dim=-2")],
         {"extra-projection", "softmax-over-queries"}),
        ("fused-qkv", [("query, key, value = qkv", "value, key, query = qkv"),
                       ("/ math.sqrt(self.hidden_dim)", "/ self.hidden_dim")],
         {"split-order", "scale-by-d"}),
        ("fused-qkv", [("qkv = self", "x = x + 0.1 * torch.arange(x.size(1))[:, None]\n        "
                        "qkv = self")],
         {"positions-added"}),
        ("masked-dropout", [("self.output_proj(context)",
                             "nn.Linear(self.hidden_dim, self.hidden_dim)(context)")],
         {"linear-in-forward"}),
    ],
)  # fmt: skip
def test_what_is_no_layer_of_its_kata_is_named_with_all_that_is_in_it(
    slug: str, changes: list[tuple[str, str]], expected: set[str]
) -> None:
    kata = find(slug)
    text = kata.solution.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    assert {f.pitfall for f in diagnosis(kata, text, fresh_seed()).findings} == expected


def test_heads_that_nobody_asked_for_are_named_though_the_layer_cannot_be_built() -> None:
    for text in (HEADS, HEADS.replace("assert hidden_dim % num_heads == 0", "pass")):
        found = diagnosis(find("self-attention"), text, fresh_seed())
        assert [f.pitfall for f in found.findings] == ["heads-uninvited"]


# --- what people wrote --------------------------------------------------------------------------

WRITTEN = [s for s in samples("wrong") if "named" in s.header]
SHARE = 80
"""Of so many written mistakes one is named here, another one each time; `tests/benchmark.py
--naming` names all of them."""
STEADY = (
    "later_two_dk_and_added_mask", "later_raw_values",
    "later_two_eight_and_forgotten_mask", "later_three_keys_summed_eight_queries",
)  # fmt: skip
SEEDS = 10


def called(sample: Sample, seed: int) -> list[str]:
    text = sample.path.read_text(encoding="utf-8")
    return [f.pitfall for f in diagnosis(sample.kata, text, seed).findings]


def outcome(sample: Sample, seed: int) -> str:
    names = called(sample, seed)
    return outcome_of(sample.header["named"], names) if names else "unnamed"


@pytest.mark.timeout(280)
def test_what_people_wrote_is_called_by_one_of_its_names() -> None:
    seed = fresh_seed()
    share = WRITTEN[seed % SHARE :: SHARE]
    found = {s.id: outcome(s, seed) for s in share}
    named = [o for o in found.values() if o.startswith("named")]
    assert len(named) >= 3 * len(share) / 4, (seed, found)


STEADY_FILES = [s for s in WRITTEN if s.path.stem in STEADY]


@pytest.mark.timeout(280)
@pytest.mark.parametrize("sample", STEADY_FILES, ids=lambda s: s.id)
def test_the_names_are_the_same_at_ten_seeds(sample: Sample) -> None:
    first = fresh_seed()
    assert len({tuple(sorted(called(sample, first + n))) for n in range(SEEDS)}) == 1, first


@contextmanager
def busy() -> Iterator[None]:
    """Twice as many processes as there are cores have nothing to do but compute."""
    context = multiprocessing.get_context("spawn")
    many = [context.Process(target=_compute, daemon=True) for _ in range(2 * (os.cpu_count() or 1))]
    for process in many:
        process.start()
    try:
        yield
    finally:
        for process in many:
            process.kill()
            process.join()


def _compute() -> None:
    while True:
        sum(range(10_000))


@pytest.mark.timeout(280)
def test_the_names_are_the_same_on_a_busy_machine() -> None:
    seed = fresh_seed()
    quiet = [called(sample, seed) for sample in STEADY_FILES]
    with busy():
        assert [called(sample, seed) for sample in STEADY_FILES] == quiet, seed
