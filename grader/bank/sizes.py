"""How large a call is, in the words of attention, and what that makes of a kata's own axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grader.kata.axes import Axes
from grader.kata.kata import EntryPoint


@dataclass(frozen=True)
class Sizes:
    """How large a call is, in the words of attention, whatever the kata calls its axes.

    Where queries and keys are the same tokens, there are as many as `keys` says.
    """

    lead: tuple[int, ...] = (2,)
    """Batch, or any leading axes of a function; a kata takes as many of them as it has."""
    queries: int = 5
    keys: int = 7
    heads: int = 3
    width: int = 4
    """Of a query, in one head."""
    value: int = 3
    """Of a value, where that is a size of its own."""


def measured(
    axes: Mapping[str, Axes],
    construct: Mapping[str, Any],
    call: Mapping[str, Any],
    mask: str | None,
) -> tuple[dict[str, int], tuple[int, ...]]:
    """The sizes of a call by the kata's words for them, and those of the leading axes."""
    known, lead = sizes_in(construct), tuple[int, ...]()
    for name, own in axes.items():
        value = call.get(name)
        if isinstance(value, Tensor) and name != mask:
            free = value.dim() - len(own.words)
            lead = tuple(value.shape[:free]) if own.lead else lead
            known |= dict(zip(own.words, value.shape[free:], strict=True))
    return known, lead


def sizes_in(construct: Mapping[str, Any]) -> dict[str, int]:
    """The constructor parameters that are sizes."""
    return {n: v for n, v in construct.items() if type(v) is int}


def by_word(entry: EntryPoint, construct: Mapping[str, Any], sizes: Sizes) -> dict[str, int]:
    """The size of every axis by the kata's word for it; a constructor's parameter says its own."""
    known = sizes_in(construct)
    parts = {"value": (sizes.keys, sizes.value), "query": (sizes.queries, sizes.width)}
    parts |= {"key": (sizes.keys, sizes.width)}
    last = {entry.reads[role]: counts for role, counts in parts.items() if role in entry.reads}
    own = entry.mask.name if entry.mask is not None else None
    # The keys first: their number is that of the queries too, where these are the same tokens.
    for name in sorted(entry.axes, key=lambda n: (n == own, n != entry.reads.get("key"))):
        usual = (sizes.queries, sizes.keys) if name == own else (sizes.keys, sizes.value)
        _learn(known, entry.axes[name], last.get(name, usual), sizes)
    return known


def _learn(known: dict[str, int], axes: Axes, last: tuple[int, int], sizes: Sizes) -> None:
    """Put down the sizes of one argument's axes, as far as they are not known yet."""
    front = zip(axes.words[:-2], (*(sizes.lead or (1,)), sizes.heads, 1), strict=False)
    for word, count in (*front, *zip(axes.words[-2:], last, strict=False)):
        known.setdefault(word, count)
