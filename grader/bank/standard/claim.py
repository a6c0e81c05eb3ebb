"""How a standard claim becomes a check of a bank: by one named line there.

    test_is_finite_at_ten_thousand = standard.finite(definition)

The name is the bank's, so that pitfalls can speak of it; the docstring is what the candidate reads,
and may be put in the kata's own words: `standard.finite(definition, "Scores of ±10⁴ …")`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.bank.candidate import Candidate
from grader.bank.claims import Test, check
from grader.bank.definition import Definition
from grader.bank.draw import Draw


class Claim:
    """Something that is claimed of every kata alike: `claim(definition)` is a check of a bank."""

    def __init__(self, body: Callable[..., None], family: str, *, stretch: bool) -> None:
        self.body = body
        self.family = family
        self.stretch = stretch
        self.__doc__ = body.__doc__

    def __call__(self, definition: Definition, says: str | None = None, **options: Any) -> Test:
        """A check of this definition; `says` is its sentence where the claim's own will not do."""
        test = self._test(definition, options)
        test.__doc__ = says or self.__doc__
        test.__name__ = self.body.__name__
        return check(self.family, stretch=self.stretch)(test)

    def _test(self, definition: Definition, options: dict[str, Any]) -> Test:
        def test(candidate: Candidate, draw: Draw) -> None:
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


def claim(family: str, *, stretch: bool = False) -> Callable[[Callable[..., None]], Claim]:
    """Make a standard claim of `body(definition, candidate, draw, **options)`."""
    return lambda body: Claim(body, family, stretch=stretch)


def timed(body: Callable[..., None]) -> Claim:
    """Make a standard claim of `body(definition, race, draw, **options)`."""
    return RaceClaim(body, "budget", stretch=False)


def counted(body: Callable[..., None]) -> Claim:
    """Make a standard claim of `body(definition, memory, **options)`."""
    return MemoryClaim(body, "budget", stretch=False)
