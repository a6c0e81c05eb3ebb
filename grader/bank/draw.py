"""Random inputs of the judge's own, from a generator no other process can see; and their sizes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader.exchange.layout import Projection
from grader.kata.axes import Axes
from grader.kata.entry_point import EntryPoint

WEIGHT_GAIN = 1.3
"""Over 1/√in: scores spread enough that softmax weights differ, without saturating."""
BIAS_STD = 0.5


class Draw:
    """Draws of one check: a function of the grade's seed and the check's name, and of nothing else.

    Calling it gives standard normal values: `draw(2, 7, 5)` has shape (2, 7, 5).
    """

    def __init__(self, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
        self.generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)

    def __call__(self, *shape: int) -> Tensor:
        """Standard normal float32 values."""
        return torch.randn(*shape, generator=self.generator)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def uniform(self, *shape: int) -> Tensor:
        """Values in [0, 1)."""
        return torch.rand(*shape, generator=self.generator)

    def permutation(self, n: int) -> Tensor:
        """A permutation of 0 … n−1 that moves every element (n ≥ 2)."""
        order = torch.randperm(n, generator=self.generator)
        moved = torch.empty_like(order)
        moved[order] = order.roll(1)
        return moved

    def signs(self, *shape: int) -> Tensor:
        """Values of −1 and +1: their products are exact in every floating dtype."""
        return torch.randint(0, 2, shape, generator=self.generator).float() * 2 - 1

    def mask(self, *shape: int, visible: float = 0.6) -> Tensor:
        """A boolean mask (…, S): each row sees a key and, where S > 1, hides one."""
        mask = self.uniform(*shape) < visible
        keys = shape[-1]
        seen = torch.randint(0, keys, (*shape[:-1], 1), generator=self.generator)
        if keys > 1:
            unseen = (seen + torch.randint(1, keys, seen.shape, generator=self.generator)) % keys
            mask = mask.scatter(-1, unseen, False)
        return mask.scatter(-1, seen, True)

    def padding(self, batch: int, keys: int) -> Tensor:
        """A boolean (batch, keys) of left-aligned sequences of differing lengths ≥ 1, < keys."""
        lengths = torch.randint(1, max(keys, 2), (batch, 1), generator=self.generator)
        return torch.arange(keys) < lengths

    def weights(
        self, shapes: Mapping[str, tuple[int, int]], biased: Sequence[str]
    ) -> dict[str, Projection]:
        """Projections by role; those in `biased` get a bias, the others none."""
        drawn = {}
        for role, (out, width) in shapes.items():
            weight = self(out, width) * (WEIGHT_GAIN / math.sqrt(width))
            drawn[role] = Projection(weight, self(out) * BIAS_STD if role in biased else None)
        return drawn


# --- how large a call is --------------------------------------------------------------------------


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
    shared: int = 2
    """How many query heads share a head of keys, where a kata counts those apart."""


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


def returned(
    entry: EntryPoint, construct: Mapping[str, Any], call: Mapping[str, Any]
) -> tuple[int, ...]:
    """The shape that a call has to return, by the axes that the kata declares.

    A mask may be of fewer axes or 1 in any; it is asked only where nothing else tells a size.
    """
    own, axes = entry.mask.name if entry.mask is not None else None, Axes.parse(entry.returns)
    known, lead = measured(entry.axes, construct, call, own)
    if not {*axes.words} <= {*known}:
        known = measured(entry.axes, construct, call, None)[0] | known
    return axes.shape(known, lead)


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
    return known | entry.sized({w: n for w, n in known.items() if w not in construct})


def _learn(known: dict[str, int], axes: Axes, last: tuple[int, int], sizes: Sizes) -> None:
    """Put down the sizes of one argument's axes, as far as they are not known yet."""
    front = zip(axes.words[:-2], (*(sizes.lead or (1,)), sizes.heads, 1), strict=False)
    for word, count in (*front, *zip(axes.words[-2:], last, strict=False)):
        known.setdefault(word, count)
