"""The memory budget: the submission's largest tensor, and all that lives at once, as multiples of
the reference's.

Followed on torch's `meta` device at sizes where a tensor too many would be gigabytes. Code that
reads values cannot run there, and is followed on small tensors instead. What is measured is the
candidate's word: a lint, like the banned calls, and never a way to be accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.bank.draw import Draw
from grader.exchange.cost import Cost
from grader.judge.measure import Side, growth, remedy, sized_request, sizes_of
from grader.kata.kata import Kata
from grader.report.verdict import Evidence, Fault, Verdict

YARDSTICK = {"batch": 8, "rows": 512, "heads": 8, "width": 512}
SMALL = {"batch": 2, "rows": 64, "heads": 8, "width": 64}
"""Where values are read: still one product too many is eight times what the scores take."""
UNFIT = (Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER)
"""What comes of code that needs values, on a device that has none."""


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
        mine, theirs = self._both(sizes)
        largest, alive = mine.elements / theirs.elements, mine.peak / theirs.peak
        self.worst = max(largest, alive, self.worst or 0.0)
        if largest > self.limit:
            raise self._too_large(mine, theirs)
        if alive > self.limit:
            raise Fault(
                Verdict.MEMORY_LIMIT,
                f"keeps {alive:.1f}× as much in memory at one time as the reference; the limit is "
                f"{self.limit:g}×",
            )

    @property
    def limit(self) -> float:
        """The kata's limit, as a multiple of the reference's memory."""
        return self.kata.budget_memory

    def _both(self, sizes: Mapping[str, Any]) -> tuple[Cost, Cost]:
        """The cost of the submission and of the reference, at the largest sizes it can be told."""
        self.sides = self.sides or [self.candidate(), self.reference()]
        me, other = self.sides
        request = sized_request(
            self.kata, sizes_of(self.kata, YARDSTICK, sizes), self.draw, device="meta"
        )
        try:
            return me.cost(request), other.cost(request)
        except Fault as fault:
            if fault.verdict not in UNFIT:
                raise
        most = {n: min(s, SMALL["rows"]) if isinstance(s, int) else s for n, s in sizes.items()}
        request = sized_request(self.kata, sizes_of(self.kata, SMALL, most), self.draw, self.device)
        return me.cost(request), other.cost(request)

    def _too_large(self, mine: Cost, theirs: Cost) -> Fault:
        """The fault of a tensor that is too large: its sizes by name, and where it was made."""
        most = self.limit * theirs.elements
        over = [stage for stage, storage in mine.largest.items() if storage.elements > most]
        found = growth(self.kata, self.sides[0], self.draw, self.device)
        products = [stage for stage in found.products if stage in over]
        multiple = f"{mine.elements / theirs.elements:.0f}× the reference's largest"
        message = (
            f"makes a tensor of {found.formula(over[0])} elements, {multiple}; "
            f"the limit is {self.limit:g}×"
        )
        frame = mine.largest[over[0]].frame
        return Fault(
            Verdict.MEMORY_LIMIT,
            ": ".join((message, *filter(None, [remedy(products)]))),
            Evidence(frames=() if frame is None else (frame,), grows=" ".join(products)),
        )
