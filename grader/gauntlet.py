"""Send many mutants through one bank: collected once, and without a worker for each.

Mutants are edits of the project's own solution, so they may run in this process, by the very
program that workers run. What is saved is the start of pytest and of a process, 50 ms a mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from grader.candidate import Candidate
from grader.draw import Draw
from grader.judge import Judge, Selection, launch_pytest
from grader.kata import Kata
from grader.pitfalls import Mutant
from grader.solution import LazySolution, Variant, load_variant
from grader.verdict import Fault, Tier
from grader.weights import Unmatched


@dataclass
class Gauntlet(Judge):
    """A judge whose session runs the bank once for each mutant, up to the first refusal."""

    mutants: Iterable[Mutant] = ()
    refused: list[Mutant] = field(default_factory=list)
    accepted: list[Mutant] = field(default_factory=list)
    variant: Variant | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the items for every mutant: those its pitfalls name come first."""
        for mutant in self.mutants:
            fate = self.refused if self._refuses(mutant, session.items) else self.accepted
            fate.append(mutant)
        return True

    def _refuses(self, mutant: Mutant, items: list[pytest.Item]) -> bool:
        try:
            self.variant = load_variant(self.kata, mutant.text)
        except (Fault, Unmatched):
            return True
        named = {pitfall.check for pitfall in mutant.pitfalls}
        for item in sorted(items, key=lambda i: i.name not in named):
            self.checks.clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if any(not c.passed and c.tier is Tier.REQUIRED for c in self.checks):
                return True
        return False


def run_gauntlet(kata: Kata, mutants: Iterable[Mutant], seed: int) -> Gauntlet:
    """Refuse or accept every mutant by the whole bank but its clock."""
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))

    def candidate_for(check: str) -> tuple[Candidate, Callable[[], None]]:
        assert gauntlet.variant is not None
        variant = gauntlet.variant
        candidate = Candidate(
            kata,
            variant.layout,
            variant.run,
            Draw(seed, f"{check}, weights"),
            reference=solution.answers,
        )
        return candidate, lambda: None

    gauntlet = Gauntlet(kata, candidate_for, seed, selection=Selection(without=("budget",)))
    gauntlet.mutants = mutants
    launch_pytest(gauntlet)
    return gauntlet
