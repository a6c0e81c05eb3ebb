"""Which mistake was made: hold a failing submission's answers against those of edited solutions.

Every request of the failing checks is run again, in this process, through the solution with a known
mistake in it. The edit that gives the very same answers names the mistake; where no single one
does, pairs are tried, and two are named. What matches nothing is said to match nothing.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.exchange import Exchange
from grader.kata import Kata
from grader.pitfalls import Edit, Mutant, Pitfall, load_pitfalls, pairs, singles
from grader.solution import Variant, load_variant
from grader.verdict import Check, Diagnosis, Fault, Finding, Tier
from grader.weights import Unmatched

SAME = 2e-5
"""Of an answer's scale: two computations of one function in float32 are this close."""
TASTE = 4
"""A mutant that explains none of this many failing checks, the small ones first, is let go."""
PATIENCE = 1.5
"""Seconds for pairs, and twice that for single mistakes."""


def diagnose(
    kata: Kata,
    checks: Sequence[Check],
    exchanges: Mapping[str, Sequence[Exchange]],
    source: str = "",
) -> Diagnosis:
    """Name the mistakes behind the failing checks, as far as known ones explain them."""
    failing = [c for c in checks if not c.passed and c.tier is Tier.REQUIRED]
    pitfalls = load_pitfalls(kata)
    if not failing:  # accepted: what costs stars is a remark, never a mistake
        failing = [c for c in checks if not c.passed]
        pitfalls = tuple(p for p in pitfalls if p.remark)
    asked = [exchanges[c.id] for c in failing if exchanges.get(c.id)]
    slow = {c.evidence.grows for c in failing if c.evidence.grows}
    search = Search(kata, pitfalls, sorted(asked, key=_cost))
    loops = tuple(p for p in search.pitfalls if p.grows in slow)
    mistakes, explained = search.run() if asked else ((), 0)
    findings = tuple(_finding(p, source) for p in dict.fromkeys((*mistakes, *loops)))
    return Diagnosis(findings[:2], explained + len(slow if loops else ()), len(asked) + len(slow))


@dataclass
class Search:
    """The hunt for the edits that behave as the submission does, cheapest explanation first."""

    kata: Kata
    pitfalls: Sequence[Pitfall]
    asked: Sequence[Sequence[Exchange]]
    """The requests of each failing check."""
    best: tuple[tuple[Pitfall, ...], int] = ((), 0)

    def run(self) -> tuple[tuple[Pitfall, ...], int]:
        """One mistake, one beside a remark, two; failing those, one that explains most of it."""
        text = self.kata.solution.read_text(encoding="utf-8")
        alone: set[Edit] = set()
        deadline = time.monotonic() + 2 * PATIENCE
        for mutant in singles(self.pitfalls, text):
            count = self._explained(mutant)
            alone |= set(mutant.edits) if count else set()
            if self._settles(mutant.pitfalls, count):
                return self.best
            if time.monotonic() > deadline:
                break
        deadline = time.monotonic() + PATIENCE
        for mutant in self._two_at_once(text, alone):
            refused = tuple(p for p in mutant.pitfalls if not p.remark) or mutant.pitfalls
            count = self._explained(mutant, partly=len(refused) == 1)
            if self._settles(refused, count) or time.monotonic() > deadline:
                break
        return self.best if 2 * self.best[1] >= len(self.asked) else ((), 0)

    def _two_at_once(self, text: str, alone: set[Edit]) -> Iterator[Mutant]:
        """Pairs, the likely ones first: those with an edit that explains something alone.

        Among them, a style that only costs stars beside a mistake comes before two mistakes.
        """
        likely = pairs(
            self.pitfalls, text, spellings=True, wanted=lambda a, b: a in alone or b in alone
        )
        yield from sorted(likely, key=lambda m: sum(p.remark for p in m.pitfalls) != 1)
        yield from pairs(
            self.pitfalls, text, spellings=True, wanted=lambda a, b: not {a, b} & alone
        )

    def _settles(self, pitfalls: tuple[Pitfall, ...], count: int) -> bool:
        """Keep the best explanation so far; whether it leaves nothing open."""
        if count > self.best[1]:
            self.best = (pitfalls, count)
        return count == len(self.asked)

    def _explained(self, mutant: Mutant, *, partly: bool = True) -> int:
        """How many failing checks a mutant explains; without `partly` it is all or none."""
        try:
            variant = load_variant(self.kata, mutant.text)
        except (Fault, Unmatched):
            return 0
        count = 0
        for place, exchanges in enumerate(self.asked, 1):
            explained = all(same(variant, exchange) for exchange in exchanges)
            count += explained
            if not explained and not (partly and (count or place < TASTE)):
                return 0
        return count


def _cost(exchanges: Sequence[Exchange]) -> int:
    """Elements to compute with: small requests tell suspects apart just as well."""
    return sum(
        value.numel()
        for exchange in exchanges
        for call in exchange.request.calls
        for value in call.arguments.values()
        if isinstance(value, Tensor)
    )


def same(variant: Variant, exchange: Exchange) -> bool:
    """Whether a variant does on a request what the submission did."""
    try:
        answers = variant.answers(exchange.request)
    except Fault as fault:
        return exchange.fault is not None and alike(fault, exchange.fault)
    if exchange.fault is not None or len(answers) != len(exchange.answers):
        return False
    for ours, theirs in zip(answers, exchange.answers, strict=True):
        if not _close(ours.output, theirs.output):
            return False
        if theirs.call.cotangent is not None and not _gradients_close(
            ours.gradients, theirs.gradients
        ):
            return False
        if theirs.inputs and not all(
            torch.equal(ours.inputs[n], t) for n, t in theirs.inputs.items() if n in ours.inputs
        ):
            return False
    return True


def alike(one: Fault, other: Fault) -> bool:
    """The same failure: verdict and words, whatever names, numbers and shapes are in them."""
    return one.verdict is other.verdict and _pattern(one) == _pattern(other)


def _pattern(fault: Fault) -> str:
    words = re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"", "…", fault.message)
    words = re.sub(r"\[[\d, ]*\]|\([\d, ]*\)", "…", words)
    return re.sub(r"\d+", "#", words)


def _close(ours: Tensor, theirs: Tensor) -> bool:
    if ours.shape != theirs.shape or ours.dtype is not theirs.dtype:
        return False
    if ours.device.type == "meta" or theirs.device.type == "meta":
        return True
    one, other = ours.double(), theirs.double()
    finite = torch.isfinite(other)
    scale = float(other[finite].abs().max()) if bool(finite.any()) else 1.0
    ulps = 8 * torch.finfo(ours.dtype).eps if ours.is_floating_point() else 0.0
    return torch.allclose(one, other, rtol=0, atol=max(SAME, ulps) * scale, equal_nan=True)


def _gradients_close(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> bool:
    """Gradients agree where both have them; one that is missing is missing in both.

    Biases the submission does not have are zero in the variant, and their gradients no matter.
    """
    scale = max((float(t.abs().nan_to_num().max()) for t in theirs.values()), default=1.0)
    for name, gradient in theirs.items():
        mine = ours.get(name)
        if mine is None or mine.shape != gradient.shape:
            return False
        if not torch.allclose(mine, gradient, rtol=0, atol=10 * SAME * scale, equal_nan=True):
            return False
    missing = set(ours) - set(theirs)
    return all(name.endswith(" bias") for name in missing)


def _finding(pitfall: Pitfall, source: str) -> Finding:
    line = None
    if pitfall.look:
        pattern = re.compile(pitfall.look)
        line = next((n for n, text in _code(source) if pattern.search(text)), None)
    return Finding(pitfall.id, pitfall.title, pitfall.explanation, pitfall.question, line)


def _code(source: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments and docstrings, in which a formula is not a call."""
    quoted: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quoted |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, text in enumerate(source.splitlines(), 1):
        if number not in quoted:
            yield number, text.split("#", 1)[0]


def diagnose_structure(
    kata: Kata, failure: Fault | Unmatched, shapes: Sequence[tuple[int, ...]], source: str = ""
) -> Diagnosis:
    """Name the mistake of a submission that could not be built, or whose weights fit no role.

    A mistake is named only when it is the only known one that fails in this way.
    """
    text = kata.solution.read_text(encoding="utf-8")
    pitfalls = [p for p in load_pitfalls(kata) if not p.remark]
    found: list[Pitfall] = []
    for mutant in singles(pitfalls, text):
        if _fails_alike(kata, mutant, failure, shapes) and mutant.pitfalls[0] not in found:
            found.append(mutant.pitfalls[0])
    if len(found) != 1:
        return Diagnosis(failing=1)
    return Diagnosis((_finding(found[0], source),), 1, 1)


def _fails_alike(
    kata: Kata, mutant: Mutant, failure: Fault | Unmatched, shapes: Sequence[tuple[int, ...]]
) -> bool:
    try:
        load_variant(kata, mutant.text)
    except Unmatched as ours:
        return isinstance(failure, Unmatched) and sorted(ours.shapes) == sorted(shapes)
    except Fault as ours:
        return isinstance(failure, Fault) and alike(ours, failure)
    return False
