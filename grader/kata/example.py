"""What a statement works out by hand: a call in numbers, for `kata try`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

PARTS = ("construct", "call", "weights")


@dataclass(frozen=True)
class Example:
    """A construction, the numbers of its arguments, and its weights."""

    construct: Mapping[str, Any]
    call: Mapping[str, Any]
    """Nested lists of numbers by argument."""
    weights: Mapping[str, float]
    """By role: how many times the identity it is; once where nothing is said."""


def read_example(
    said: Mapping[str, Any] | None,
    known: Mapping[str, Collection[str]],
    needed: Collection[str],
) -> Example | None:
    """The example of a `kata.toml`, if there is one; raises ValueError where it fits none.

    `known`: what there is to construct, to call with and to weigh; `needed`: what must be given.
    """
    if said is None:
        return None
    parts = {part: dict(said.get(part, {})) for part in PARTS}
    for part, given in parts.items():
        for name in sorted(set(given) - set(known[part])):
            raise ValueError(f"[example] {part}.{name}: known are {', '.join(sorted(known[part]))}")
    for name in sorted(set(needed) - set(parts["construct"]) - set(parts["call"])):
        raise ValueError(f"[example] gives no {name}")
    return Example(**parts)
