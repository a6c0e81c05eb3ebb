"""What a submission has to offer, by `kata.toml`: its entry point and what that is given."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from grader.kata.axes import LEAD, Axes

SIZES = {"width": "width", "heads": "heads", "kv_heads": "heads"}
"""Meanings of constructor parameters that are sizes."""
ROLES = ("query", "key", "value")
"""Who asks, who is compared, who is handed over."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kata's entry point: required unless it has a default."""

    name: str
    default: str | None = None
    """Its default as Python writes it: `None`, `0.1`, `(1, 2)`."""
    means: str = ""
    """What it is, in the glossary's words; by that a submission's own name is understood."""
    axes: str = ""
    """A tensor's axes; a plain value has none."""
    mask: bool = False
    """Whether it is a mask, true meaning "may attend"."""
    dtype: str = ""
    """A tensor's dtype where it is not the layer's own: `int64`."""
    probe: Any = None
    """A valid value, to look at the weights and to warm up with; the default where it is None."""
    letter: str = ""
    """What statement and stub may call it in a shape, such as D for hidden_dim."""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None

    @property
    def value(self) -> Any:
        """What it is where nobody says otherwise: the default, any Python literal."""
        return None if self.default is None else ast.literal_eval(self.default)

    @property
    def sample(self) -> Any:
        """A valid plain value."""
        return self.value if self.probe is None else self.probe

    @property
    def spelled(self) -> str:
        """It as a person writes it in a signature."""
        return self.name if self.default is None else f"{self.name}={self.default}"


@dataclass(frozen=True)
class EntryPoint:
    """What the submission has to offer: how it is built, how it is called, what the call reads."""

    name: str
    kind: str
    construct: tuple[Parameter, ...]
    call: tuple[Parameter, ...]
    returns: str = ""
    """The axes of what a call returns."""
    reads: Mapping[str, str] = field(default_factory=dict)
    """Which argument plays the part of query, key and value."""
    state: str = ""
    """The argument that takes what an earlier call returned beside its output."""
    scores: str = ""
    """The axes of the scores, queries and keys last."""
    multiples: Mapping[str, int] = field(default_factory=dict)
    """Words of axes whose sizes are multiples of a number: an even width."""
    modules_only: bool = False
    """Whether a class that is no `nn.Module`, but holds modules, counts for no layer."""

    @property
    def is_module(self) -> bool:
        """Whether the kata asks for an `nn.Module` rather than a function."""
        return self.kind == "module"

    @property
    def signature(self) -> str:
        """The call as a person writes it."""
        parameters = self.construct if self.is_module else self.call
        return f"{self.name}({', '.join(p.spelled for p in parameters)})"

    @property
    def call_signature(self) -> str:
        """The call of what was built, as a person writes it."""
        name = "forward" if self.is_module else self.name
        return f"{name}({', '.join(p.spelled for p in self.call)})"

    @cached_property
    def probe(self) -> dict[str, Any]:
        """A valid construction."""
        return {p.name: p.sample for p in self.construct}

    @cached_property
    def axes(self) -> dict[str, Axes]:
        """The axes of every argument that is a tensor."""
        return {p.name: Axes.parse(p.axes) for p in self.call if p.axes}

    @cached_property
    def kinds(self) -> dict[str, str]:
        """What each size is of: the batch, the rows, the heads or the width.

        A constructor's parameter says it by its meaning, an argument's axis by its place: the
        width comes last, the rows before it, and what stands in front is the batch. A mask ends in
        rows twice, of queries and of keys.
        """
        meant = {p.name: SIZES[p.means] for p in self.construct if p.means in SIZES}
        found: dict[str, str] = {}
        for parameter in sorted(self.call, key=lambda p: p.mask):
            axes = self.axes.get(parameter.name)
            if axes is None:
                continue
            words = ((LEAD,) if axes.lead else ()) + axes.words
            last = "rows" if parameter.mask else "width"
            places = [*["batch"] * len(words), "rows", last][-len(words) :]
            for word, place in zip(words, places, strict=True):
                found.setdefault(word, meant.get(word, place))
        return found | meant

    def sized(self, sizes: Mapping[str, Any]) -> dict[str, Any]:
        """These sizes, those that have to be multiples of a number taken so many times."""
        return {w: n * self.multiples[w] if w in self.multiples else n for w, n in sizes.items()}

    @property
    def mask(self) -> Parameter | None:
        """The argument that is the mask, where the kata has one."""
        return next((p for p in self.call if p.mask), None)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the arguments that every call gives."""
        return tuple(p.name for p in self.call if p.required)

    def meaning(self, means: str) -> str | None:
        """The constructor's parameter, else the call's, that means this; by name, or None."""
        found = (p.name for p in (*self.construct, *self.call) if p.means == means)
        return next(found, None)

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> EntryPoint:
        """Put together again what `dataclasses.asdict` took apart."""
        parts = {n: tuple(Parameter(**p) for p in packed[n]) for n in ("construct", "call")}
        return cls(**{**packed, **parts})
