"""What came of a worked example: numbers in nested tuples, yours beside what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.report.verdict import Check

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Worked:
    """One call of the example."""

    given: Mapping[str, tuple[Matrix, ...]]
    """Each argument that is a tensor: the matrices along its last two axes."""
    right: tuple[Matrix, ...]
    got: tuple[Matrix, ...] = ()
    """What came; empty where nothing did."""
    failure: Check | None = None
    """Why nothing came, or nothing of the right shape."""
    agrees: bool = False


@dataclass(frozen=True)
class ByHand:
    """The whole example."""

    built: str
    """How the layer was built, and with which weights; empty for a function."""
    calls: tuple[Worked, ...]
    notes: tuple[str, ...] = ()
    output: str = ""
    """What the submission printed."""

    @property
    def agrees(self) -> bool:
        """Whether all of it is right."""
        return all(call.agrees for call in self.calls)
