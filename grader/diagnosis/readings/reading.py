"""What a reading is: a value with a name, its number where it has one, or nothing readable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.exchange.answer import Answer, Exchange

TRUE = ""
"""The value of a reading that is as it should be."""


@dataclass(frozen=True)
class Reading:
    """What was read of one aspect; where nothing is readable there is no reading at all."""

    aspect: str
    value: str = TRUE
    """An id of the vocabulary."""
    number: str = ""
    """What was measured, as Python writes it."""
    words: str = ""
    """What was seen, as a fact of a report."""

    @property
    def deviates(self) -> bool:
        """Whether it is not as it should be."""
        return self.value != TRUE


@dataclass(frozen=True)
class Seen:
    """A submission's answers to the probes beside the true ones."""

    exchanges: Mapping[str, Exchange]
    truths: Mapping[str, tuple[Answer, ...]]

    def both(self, probe: str) -> tuple[Answer, Answer] | None:
        """The first answer to a probe and the true one; None where there is no answer."""
        exchange = self.exchanges.get(probe)
        if exchange is None or not exchange.answers or probe not in self.truths:
            return None
        return exchange.answers[0], self.truths[probe][0]

    def faulted(self, probe: str) -> bool:
        """Whether the submission failed to answer a probe."""
        exchange = self.exchanges.get(probe)
        return exchange is not None and exchange.fault is not None
