"""A standard claim holds wherever it can be claimed, and says what it needs where it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.author.mutation import run_gauntlet
from grader.bank import Definition, standard
from grader.bank.standard.claim import NEEDS, Claim, MemoryClaim, RaceClaim
from grader.kata.kata import Kata, find, load
from grader.kata.mutants import Mutant
from grader.report.verdict import Check, Verdict

CLAIMS = {
    name: claim
    for name, claim in ((n, getattr(standard, n)) for n in standard.__all__)
    if isinstance(claim, Claim) and not isinstance(claim, RaceClaim | MemoryClaim)
}
OPTIONS = {"long_holds": "sizes=every_size((1,), 40, 40, heads=1, width=2)"}
"""What a claim is given beside the definition."""
PADDED = {
    "kata.toml": """
title = "Under padding"
rung = 99
level = "mid"
par_minutes = 10
summary = "one mask for all who ask"

[entry]
name = "Padded"
kind = "module"

[construct]
hidden_dim = { probe = 12, means = "width" }

[call]
x = "B L hidden_dim"
context = { axes = "B S hidden_dim", means = "context" }
padding = { axes = "B S", mask = true, default = "None" }

[returns]
axes = "B L hidden_dim"

[reads]
query = "x"
key = "context"
value = "context"
scores = "B L S"

[weights]
query = ["hidden_dim", "hidden_dim"]
key = ["hidden_dim", "hidden_dim"]
value = ["hidden_dim", "hidden_dim"]

[budget]
limit = 3.0
""",
    "solution.py": """
import math
import torch
from torch import nn


class Padded(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj, self.key_proj, self.value_proj = (
            nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x, context, padding=None):
        query, key = self.query_proj(x), self.key_proj(context)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
        if padding is not None:
            scores = scores.masked_fill(padding[:, None] == 0, torch.finfo(scores.dtype).min)
        return torch.softmax(scores, dim=-1) @ self.value_proj(context)
""",
    "test_padded.py": """
from grader.bank import Definition, attention, linear


def truth(weights, x, context, padding=None):
    query = linear(x, weights["query"])
    key, value = (linear(context, weights[role]) for role in ("key", "value"))
    return attention(query, key, value, None if padding is None else padding[:, None])


definition = Definition(truth)
""",
}


def padded(root: Path) -> Kata:
    """A kata with a mask that has no axis of those who ask."""
    folder, solution = root / "katas" / "padded", root / "solutions" / "padded.py"
    for path in (folder, solution.parent):
        path.mkdir(parents=True)
    for name, text in PADDED.items():
        to = solution if name == "solution.py" else folder / name
        to.write_text(text.lstrip("\n"), encoding="utf-8")
    return load(folder)


def claimed(kata: Kata, root: Path) -> tuple[Check, ...]:
    """Whatever fails where a bank claims all there is of its definition, on the solution."""
    folder, solution = root / "all" / "katas" / kata.slug, root / "all" / "solutions"
    shutil.copytree(kata.folder, folder)
    solution.mkdir()
    shutil.copy(kata.solution, solution)
    bank = next(folder.glob("test_*.py"))
    head, equals, rest = bank.read_text(encoding="utf-8").partition("\ndefinition = Definition(")
    made = rest[: rest.index("\n)\n") + 3] if rest.startswith("\n") else rest.split("\n", 1)[0]
    every = "".join(
        f"test_{name} = every.{name}(definition, {OPTIONS.get(name, '')})\n" for name in CLAIMS
    )
    brought = "from grader.bank import Sizes as every_size, standard as every"
    text = f"{head}{equals}{made}\n{brought}\n{every}"
    bank.write_text(text, encoding="utf-8")
    copied = load(folder)
    mutant = Mutant((), (), copied.solution.read_text(encoding="utf-8"))
    return run_gauntlet(copied, [mutant], seed=3)[0].failed


@pytest.mark.parametrize(
    "slug", ["sdpa", "self-attention", "masked-dropout", "multi-head", "kv-cache", "rope", "padded"]
)
def test_whatever_can_be_claimed_holds_and_the_rest_says_what_it_needs(
    slug: str, tmp_path: Path
) -> None:
    kata = padded(tmp_path) if slug == "padded" else find(slug)
    definition = Definition(lambda: None, causal=slug == "kv-cache")
    for check in claimed(kata, tmp_path):
        name = check.id.removeprefix("test_")
        lacking = CLAIMS[name].lacking(definition, kata)
        assert lacking, f"{name} fails where it can be claimed: {check.message}"
        assert check.verdict is Verdict.INTERNAL_ERROR
        assert check.message.startswith(f"standard.{name} needs {lacking}: write out what")


def test_each_need_is_lacking_somewhere_and_met_somewhere(tmp_path: Path) -> None:
    katas = [padded(tmp_path), *map(find, ("sdpa", "rope", "kv-cache", "grouped-query"))]
    katas.append(find("masked-dropout"))
    for need in NEEDS:
        met = {need.met(Definition(lambda: None, causal=k.slug == "kv-cache"), k) for k in katas}
        assert met == {True, False}, need.words
    assert {need for claim in CLAIMS.values() for need in claim.needs} == set(NEEDS)
