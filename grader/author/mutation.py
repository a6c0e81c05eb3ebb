"""Send many mutants through one bank: collected once, and without a worker for each.

Mutants are edits of the project's own solution, so they may run in this process, by the very
program that workers run. What is saved is a process for each check.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch

from grader.bank.candidate import Candidate
from grader.bank.draw import Draw
from grader.exchange.learning import Truth
from grader.exchange.local import LazySolution, Variant, load_variant
from grader.exchange.matching import Unmatched
from grader.judge.bank_run import CandidateFor, Item, Judge, Selection, quietly
from grader.kata.kata import Kata
from grader.kata.mutants import Mutant
from grader.report.verdict import Check, Fault, Tier, unready

Choose = Callable[[Mutant, str], bool]


@dataclass(frozen=True)
class Outcome:
    """The checks a mutant failed, as far as it was sent through them."""

    mutant: Mutant
    failed: tuple[Check, ...]

    @property
    def refused(self) -> bool:
        """Whether a check that decides failed."""
        return any(check.tier is Tier.REQUIRED for check in self.failed)


@dataclass
class Gauntlet(Judge):
    """A judge that runs the bank once for each mutant."""

    mutants: Iterable[Mutant] = ()
    choose: Choose = lambda _mutant, _check: True
    """Which checks a mutant is sent through."""
    until_refused: bool = False
    """Whether the first refusal is enough to know."""
    on_outcome: Callable[[Outcome], None] = lambda _: None
    outcomes: list[Outcome] = field(default_factory=list)
    variant: Variant | None = None
    truth: Truth | None = None
    """The solution's answers, by which a right answer in a form of its own is understood."""
    costs: dict[str, float] = field(default_factory=dict)

    def run_all(self) -> None:
        """Run the items for every mutant; raises RuntimeError where the bank cannot be run."""
        items = self.items()
        for mutant in self.mutants:
            with quietly():
                outcome = Outcome(mutant, self._failed(mutant, items))
            self.outcomes.append(outcome)
            self.on_outcome(outcome)

    def _failed(self, mutant: Mutant, items: list[Item]) -> tuple[Check, ...]:
        try:
            self.variant = load_variant(self.kata, mutant.text, truth=self.truth)
        except (Fault, Unmatched) as failure:
            return (unready(failure),)
        named = {pitfall.check for pitfall in mutant.pitfalls}
        chosen = [item for item in items if self.choose(mutant, item.name)]
        # Those its pitfalls name come first, and of these the quicker ones.
        chosen.sort(key=lambda item: (item.name not in named, self.costs.get(item.name, 0)))
        checks = []
        with self.one_worker() as candidate_for:
            for item in chosen:
                last = self.run(item, candidate_for)
                checks.append(last)
                self.costs[last.id] = last.seconds
                if self.until_refused and not last.passed and last.tier is Tier.REQUIRED:
                    break
        return tuple(check for check in checks if not check.passed)


def among(one_in: int, *what: object) -> bool:
    """Whether this is one of the share that is tried, one of so many; chosen by its words."""
    return zlib.crc32(repr(what).encode()) % one_in == 0


def run_gauntlet(
    kata: Kata,
    mutants: Iterable[Mutant],
    seed: int,
    choose: Choose = lambda _mutant, _check: True,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    *,
    until_refused: bool = False,
) -> list[Outcome]:
    """Send every mutant through the bank, but for its clock."""
    torch.set_num_threads(1)  # for tensors this small more threads only wait for each other
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))

    def candidate_for(check: str) -> Candidate:
        assert gauntlet.variant is not None
        variant = gauntlet.variant
        return Candidate(
            kata,
            variant.layout,
            variant.run,
            Draw(seed, f"{check}, weights"),
            reference=solution.answers,
            lacks=variant.loaded.lacks,
        )

    def here() -> AbstractContextManager[CandidateFor]:
        return contextlib.nullcontext(candidate_for)

    gauntlet = Gauntlet(kata, here, seed, selection=Selection(without=("budget",)))
    gauntlet.mutants, gauntlet.choose, gauntlet.until_refused = mutants, choose, until_refused
    gauntlet.truth = solution.answers
    gauntlet.on_outcome = on_outcome
    gauntlet.run_all()
    return gauntlet.outcomes
