"""How a standard claim becomes a check of a bank: by one named line there.

    test_is_finite_at_ten_thousand = standard.finite(definition)

The name is the bank's, so that pitfalls can speak of it; the docstring is what the candidate reads,
and may be put in the kata's own words: `standard.finite(definition, "Scores of ±10⁴ …")`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grader.bank.candidate import Candidate
from grader.bank.claims import Test, check
from grader.bank.definition import Definition
from grader.bank.draw import Draw
from grader.kata.axes import Axes
from grader.kata.entry_point import ROLES, EntryPoint
from grader.kata.kata import Kata, KataError


@dataclass(frozen=True)
class Need:
    """What a claim asks of a kata, in words that follow "needs", and whether that is there."""

    words: str
    met: Callable[[Definition, Kata], bool]


def _rows(entry: EntryPoint) -> bool:
    """Whether a mask, where there is one, ends in the axes of queries and keys."""
    if entry.mask is None:
        return True
    ends = tuple(entry.axes[entry.reads[role]].words[-2] for role in ROLES[:2])
    return Axes.parse(entry.mask.axes).words[-2:] == ends


LAYER = Need("a layer", lambda _, kata: kata.entry.is_module)
READS = Need("query, key and value in `[reads]`", lambda _, kata: set(ROLES) <= {*kata.entry.reads})
MASK = Need("a mask", lambda _, kata: kata.entry.mask is not None)
ROWS = Need(
    "a mask, if any, whose axes end in those of queries and keys",
    lambda _, kata: _rows(kata.entry),
)
HEADS = Need("heads", lambda _, kata: kata.entry.meaning("heads") is not None)
ALIKE = Need("as many heads of keys as of queries", lambda _, k: not k.entry.meaning("kv_heads"))
OUTPUT = Need("an output projection", lambda _, kata: "output" in kata.roles)
DROPOUT = Need("dropout", lambda _, kata: kata.entry.meaning("dropout") is not None)
STATE = Need("a state", lambda _, kata: bool(kata.entry.state))
ANY_ORDER = Need("a kata without causal rule", lambda definition, _: not definition.causal)
NEEDS = (LAYER, READS, MASK, ROWS, HEADS, ALIKE, OUTPUT, DROPOUT, STATE, ANY_ORDER)


class Claim:
    """Something that is claimed of every kata alike: `claim(definition)` is a check of a bank."""

    def __init__(
        self, body: Callable[..., None], family: str, needs: tuple[Need, ...], *, stretch: bool
    ) -> None:
        self.body = body
        self.family = family
        self.needs = needs
        self.stretch = stretch
        self.__doc__ = body.__doc__

    def lacking(self, definition: Definition, kata: Kata) -> str:
        """What the kata has not that the claim needs, in words; empty where it can be claimed."""
        lacking = [need.words for need in self.needs if not need.met(definition, kata)]
        return " and ".join(lacking)

    def __call__(self, definition: Definition, says: str | None = None, **options: Any) -> Test:
        """A check of this definition; `says` is its sentence where the claim's own will not do."""
        test = self._test(definition, options)
        test.__doc__ = says or self.__doc__
        test.__name__ = self.body.__name__
        return check(self.family, stretch=self.stretch)(test)

    def _test(self, definition: Definition, options: dict[str, Any]) -> Test:
        def test(candidate: Candidate, draw: Draw) -> None:
            if lacking := self.lacking(definition, candidate.kata):
                raise KataError(
                    f"standard.{self.body.__name__} needs {lacking}: "
                    "write out what is to be claimed here instead"
                )
            self.body(definition, candidate, draw, **options)

        return test


class RaceClaim(Claim):
    """A claim about what calls cost, which takes the judge's clock."""

    def _test(self, definition: Definition, options: dict[str, Any]) -> Test:
        def test(race: Any, draw: Draw) -> None:
            self.body(definition, race, draw, **options)

        return test


class MemoryClaim(Claim):
    """A claim about the storages that calls make, which are counted."""

    def _test(self, definition: Definition, options: dict[str, Any]) -> Test:
        def test(memory: Any) -> None:
            self.body(definition, memory, **options)

        return test


def claim(
    family: str, *needs: Need, stretch: bool = False
) -> Callable[[Callable[..., None]], Claim]:
    """Make a standard claim of `body(definition, candidate, draw, **options)`."""
    return lambda body: Claim(body, family, needs, stretch=stretch)


def timed(body: Callable[..., None]) -> Claim:
    """Make a standard claim of `body(definition, race, draw, **options)`."""
    return RaceClaim(body, "budget", (), stretch=False)


def counted(body: Callable[..., None]) -> Claim:
    """Make a standard claim of `body(definition, memory, **options)`."""
    return MemoryClaim(body, "budget", (), stretch=False)
