"""The memory budget: what a submission keeps, beside the reference or by a formula of the sizes.

It compares the largest tensor, and all that lives at once, at sizes where a tensor too many would
be gigabytes. Code that reads values cannot run on `meta`, and is followed on small tensors instead.
What is counted is the candidate's word: a lint, like the banned calls, and never a way to be
accepted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.bank.draw import Draw
from grader.judge.measure import (
    UNFIT,
    YARDSTICK,
    Cost,
    Side,
    costs,
    growth,
    remedy,
    sized_request,
    sizes_of,
)
from grader.kata.axes import LEAD, Axes, size
from grader.kata.kata import Kata
from grader.report.verdict import Evidence, Fault, Verdict, multiple

FLOAT = 4
"""Bytes of an element of the inputs."""


@dataclass
class Memory:
    """The memory of one grade's submission; a bank asks for it once, or at sizes of its own."""

    kata: Kata
    candidate: Callable[[], Side]
    reference: Callable[[], Side]
    draw: Draw
    device: str = "cpu"
    worst: float | None = None
    sides: list[Side] = field(default_factory=list)

    def close(self) -> None:
        """Hand the workers back."""
        for side in self.sides:
            side.conversation.close()
        self.sides = []

    def __call__(self, **sizes: Any) -> None:
        """Compare at a size that shows; `sizes` names those that are to be others than usual.

        Raises Fault where the submission takes more than the kata allows.
        """
        self.sides = self.sides or [self.candidate(), self.reference()]
        mine, theirs = costs(self.kata, self.sides, sizes, self.draw, self.device)
        largest, alive = mine.elements / theirs.elements, mine.peak / theirs.peak
        self.worst = max(largest, alive, self.worst or 0.0)
        if largest > self.limit:
            raise self._too_large(mine, theirs)
        if alive > self.limit:
            raise Fault(
                Verdict.MEMORY_LIMIT,
                f"keeps {multiple(alive, self.limit)} as much in memory at one time as the "
                f"reference; the limit is {self.limit:g}×",
            )

    def below(self, largest: str, alive: str = "", **sizes: Any) -> None:
        """Hold the submission to formulas of the sizes: `below("L * S / 4", L=256, S=256, d=16)`.

        In elements, of the largest tensor and of all that lives at one time; without leading axes.
        Raises Fault where it takes more.
        """
        self.sides = self.sides or [self.candidate(), self.reference()]
        known = sizes_of(self.kata, YARDSTICK, {LEAD: 1} | sizes)
        for device in ("meta", self.device):
            request = sized_request(self.kata, known, self.draw, device)
            try:
                cost = self.sides[0].cost(request)
                break
            except Fault as fault:
                if fault.verdict not in UNFIT or device == self.device:
                    raise
        counted = {n: n_of for n, n_of in known.items() if type(n_of) is int}
        told = ", ".join(f"{name} = {value}" for name, value in sizes.items())
        frames = [s.frame for s in cost.largest.values() if s.elements == cost.elements and s.frame]
        grows = "pairs" if cost.elements >= self._pairs(counted) else ""
        for what, found, formula in (
            ("makes a tensor of", cost.elements, largest),
            ("keeps at one time", cost.peak // FLOAT, alive),
        ):
            if formula and found > size(formula, counted):
                said = f"{what} {found} elements, where {formula} = {size(formula, counted)}"
                evidence = Evidence(frames=tuple(frames[:1]), grows=grows)
                raise Fault(Verdict.MEMORY_LIMIT, f"{said} are allowed ({told})", evidence)

    def _pairs(self, sizes: Mapping[str, int]) -> int:
        """How many pairs of queries and keys there are."""
        return math.prod(sizes[word] for word in Axes.parse(self.kata.entry.scores).words[-2:])

    @property
    def limit(self) -> float:
        """The kata's limit, as a multiple of the reference's memory."""
        return self.kata.budget_memory

    def _too_large(self, mine: Cost, theirs: Cost) -> Fault:
        """The fault of a tensor that is too large: its sizes by name, and where it was made."""
        most = self.limit * theirs.elements
        over = [stage for stage, storage in mine.largest.items() if storage.elements > most]
        found = growth(self.kata, self.sides[0], self.draw, self.device, self.sides[1])
        products = [stage for stage in found.products if stage in over]
        squares = [found.square] if found.square else []
        many = multiple(mine.elements / theirs.elements, self.limit, digits=0)
        message = (
            f"makes a tensor of {found.formula(over[0])} elements, {many} the reference's largest; "
            f"the limit is {self.limit:g}×"
        )
        frame = mine.largest[over[0]].frame
        return Fault(
            Verdict.MEMORY_LIMIT,
            ": ".join((message, *filter(None, [remedy(products)]))),
            Evidence(frames=() if frame is None else (frame,), grows=" ".join(products or squares)),
        )
