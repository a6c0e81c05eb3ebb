"""Edited solutions beside a submission: what is put together, and how far its answers are off."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from grader.diagnosis.comparison import distance
from grader.diagnosis.composition import compose
from grader.diagnosis.guard import Guard
from grader.exchange.answer import Exchange
from grader.exchange.editing import Editing
from grader.exchange.local import Variant
from grader.kata.mutants import Edit
from grader.kata.vocabulary import Value


@dataclass(frozen=True)
class Part:
    """One edit of one value."""

    value: Value
    edit: Edit

    @property
    def id(self) -> str:
        """The mistake's."""
        return self.value.pitfall.id


Parts = tuple[Part, ...]


@dataclass
class Variants:
    """Edited solutions beside a submission, and how often they were asked."""

    editing: Editing
    exchanges: Mapping[str, Exchange]
    """What the submission answered, by the probe's name."""
    left: int
    """Evaluations that may still be made."""
    near: float = 0.0
    """Answers this close, as a share, count as the same: more than 0 where precision is lost."""
    lenient: bool = False
    """Whether any failure to answer counts as the same as any other."""
    guard: Guard = field(default_factory=Guard)
    loaded: dict[str, Variant | None] = field(default_factory=dict)
    errors: dict[tuple[str, str], float] = field(default_factory=dict)

    def error(self, parts: Parts, probe: str) -> float:
        """How far the solution with these edits is from the submission: 0 same, inf no kin."""
        text = self.composed(parts)
        if text is None:
            return math.inf
        known = self.errors.get((text, probe))
        if known is None:
            if self.left <= 0 or self.guard.over():
                return math.inf
            self.left -= 1
            variant = self.variant(text)
            known = math.inf
            if variant is not None:
                answers = partial(self.editing.answers, variant)
                known = distance(answers, self.exchanges[probe], lenient=self.lenient)
            self.errors[text, probe] = known
        return 0.0 if known <= self.near else known

    def variant(self, text: str) -> Variant | None:
        """An edited text, loaded once; None where it cannot be."""
        if text not in self.loaded:
            try:
                self.loaded[text] = self.editing.load(text)
            except Exception:  # an edit may raise whatever it likes
                self.loaded[text] = None
        return self.loaded[text]

    def composed(self, parts: Iterable[Part]) -> str | None:
        """The solution with these edits."""
        return compose(self.editing.text, (part.edit for part in parts))
