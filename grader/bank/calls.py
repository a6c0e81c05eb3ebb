"""Calls of the shapes that a kata's axes allow, and scores made to measure.

What a call looks like is read from `kata.toml`, so that nothing here knows a kata by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import torch
from torch import Tensor

from grader.bank.candidate import Candidate, Layer
from grader.bank.draw import Draw, Sizes, by_word
from grader.exchange.layout import Projection
from grader.kata.axes import Axes
from grader.kata.entry_point import ROLES
from grader.kata.kata import Kata

DTYPES = (
    torch.bool,
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
)
"""What a mask of ones and zeros may come in."""


HUGE = 1e4
"""Scores up to this magnitude, both ends included, are to be survived."""


GAIN = 100.0
"""The larger half of a score of 10⁴: of 100 · 100."""


STEPS = 0.78125
"""Between scores beside each other: with GAIN, a number that float32 holds exactly."""


EXACT_WIDTH = 16
"""A width whose root, 4, and the root of that are exact."""


Call = dict[str, Any]


class Built(Protocol):
    """What the shape of a call depends on: a layer, or the plan of one."""

    @property
    def kata(self) -> Kata:
        """Whose call it is."""

    @property
    def construct(self) -> Mapping[str, Any]:
        """How it is built."""


@dataclass(frozen=True)
class Plan:
    """A layer that is to be built by somebody else."""

    kata: Kata
    construct: Mapping[str, Any]


class Calls:
    """What a definition draws: layers, arguments and masks of given sizes."""

    causal: bool
    fixed: Mapping[str, Any]
    within: Callable[[Call], Call]

    # --- drawing calls ----------------------------------------------------------------------------

    def layer(
        self,
        candidate: Candidate,
        sizes: Sizes | None = None,
        *,
        rate: float | None = None,
        **construct: Any,
    ) -> Layer:
        """The submission built for these sizes; `rate` is that of its dropout, where it has one."""
        made = self.construction(candidate.kata, sizes or Sizes(), rate)
        return candidate.build(**{**made, **construct}) if made else candidate.bare({})

    def construction(self, kata: Kata, sizes: Sizes, rate: float | None = None) -> Call:
        """How a layer of these sizes is built; nothing for a function."""
        if not kata.entry.is_module:
            return {}
        made = kata.construction(sizes.heads, sizes.width, sizes.shared) or dict(kata.entry.probe)
        dropout = kata.entry.meaning("dropout")
        if rate is not None and dropout is not None:
            made[dropout] = rate
        return {**made, **self.fixed}

    def call(
        self,
        draw: Draw,
        layer: Built,
        sizes: Sizes | None = None,
        mask: Tensor | None = None,
        **given: Any,
    ) -> Call:
        """Random arguments of these sizes, by the kata's names; what is `given` stays as it is."""
        entry, sizes = layer.kata.entry, sizes or Sizes()
        known = by_word(entry, layer.construct, sizes)
        arguments: Call = {}
        for parameter in entry.call:
            axes = entry.axes.get(parameter.name)
            if parameter.name in given:
                arguments[parameter.name] = given[parameter.name]
            elif parameter.required and not parameter.mask:
                shape = axes.shape(known, sizes.lead) if axes is not None else ()
                arguments[parameter.name] = parameter.sample if axes is None else draw(*shape)
        arguments = {**self.within(arguments), **given}
        return arguments if mask is None else self.under(layer, arguments, mask)

    def under(self, layer: Built, call: Mapping[str, Any], mask: Tensor | None) -> Call:
        """The same call under a mask, or with an explicit None in its place."""
        own = layer.kata.entry.mask
        assert own is not None
        return {**call, own.name: mask}

    def mask(self, draw: Draw, *shape: int, visible: float = 0.6) -> Tensor:
        """A boolean mask (…, S): each row sees a key and, where there are two, hides one.

        Under the causal rule every row sees the first, and hides one behind it.
        """
        if not self.causal or shape[-1] == 1:
            return draw.mask(*shape, visible=visible)
        behind = draw.mask(*shape[:-1], shape[-1] - 1, visible=visible)
        if shape[-1] == 2:
            behind = behind & (draw.uniform(*behind.shape) < visible)
        return torch.cat([torch.ones(*shape[:-1], 1, dtype=torch.bool), behind], -1)

    def span(self, layer: Built, sizes: Sizes) -> tuple[int, ...]:
        """The shape of a mask that has all its axes: that of the scores."""
        own = layer.kata.entry.mask
        axes = Axes.parse(layer.kata.entry.scores if own is None else own.axes)
        return axes.shape(by_word(layer.kata.entry, layer.construct, sizes), sizes.lead)

    def forms(self, layer: Built, sizes: Sizes, *, hiding: bool = False) -> list[tuple[int, ...]]:
        """Every shape that a mask may have: all axes, or 1 in the place of some of them.

        A function's mask may leave out leading axes altogether, a layer's all but (L, S). `hiding`
        leaves out the shapes that cannot hide one key and show another, with 1 for the keys.
        """
        own = layer.kata.entry.mask
        if own is None:
            return []
        full = self.span(layer, sizes)
        ranks = range(1, len(full) + 1) if Axes.parse(own.axes).lead else (len(full),)
        found = [full[-2:]]
        for rank in ranks:
            found += product(*({n: None, 1: None} for n in full[len(full) - rank :]))
        return [s for s in dict.fromkeys(found) if not hiding or s[-1] == full[-1] > 1]

    def masks(
        self, draw: Draw, layer: Built, sizes: Sizes, *, hiding: bool = False
    ) -> list[Tensor]:
        """A random mask of every form."""
        return [self.mask(draw, *shape) for shape in self.forms(layer, sizes, hiding=hiding)]

    # --- scores made to measure -------------------------------------------------------------------

    def scored(self, draw: Draw, layer: Layer, scores: Tensor) -> Call:
        """Arguments, and for a layer weights, whose scaled scores (…, L, S) are exactly these.

        Queries are one-hot, so row i picks the i-th entry of each key. Of a layer's features the
        first L hold that position, then L for each head what the keys hold; the rest is free. It
        has to be as wide as `wide` says; the layer is given its weights.
        """
        *lead, queries, keys = scores.shape
        if not layer.construct:
            sizes = Sizes(tuple(lead), queries, keys, width=EXACT_WIDTH, value=3)
            call = self.call(draw, layer, sizes)
            one, other = self.parts(layer)[:2]
            call[one] = GAIN * 4.0 * torch.eye(queries, EXACT_WIDTH).expand_as(call[one])
            call[other] = torch.zeros_like(call[other])
            call[other][..., :queries] = scores.mT / GAIN
            return call
        batch, heads = (*lead, 1)[:2]
        sizes = Sizes((batch,), queries, keys)
        call = self.call(draw, layer, sizes)
        one, other = self.parts(layer)[:2]
        asked = queries * (heads + 1)
        call[other] = call[other].clone()
        call[one] = call[other] if one == other else call[one].clone()
        call[one][..., :queries] = torch.eye(queries)
        places = scores.reshape(batch, heads * queries, keys).mT / GAIN
        call[other][..., queries:asked] = places
        self._read(layer, queries, heads)
        return call

    def _read(self, layer: Layer, queries: int, heads: int) -> None:
        """Weights that make queries of positions, keys of what is laid down for them."""
        query = torch.zeros_like(layer.weights["query"].weight)
        key = torch.zeros_like(layer.weights["key"].weight)
        place = torch.arange(queries)
        shared = len(query) // len(key)  # heads that share keys read features beside each other
        for head in range(heads):
            group, turn = divmod(head, shared)
            read = turn * queries + place
            query[head * EXACT_WIDTH + read, place] = GAIN * 4.0
            key[group * EXACT_WIDTH + read, queries * (head + 1) + place] = 1.0
        layer.choose("query", query)
        layer.choose("key", key)
        value = layer.weights["value"]
        free = value.weight.clone()
        free[:, : queries * (heads + 1)] = 0.0  # features that large stay out of the values
        layer.weights["value"] = Projection(free, value.bias)

    def wide(self, queries: int, heads: int = 1) -> Sizes:
        """Sizes at which a layer has room for scores of so many queries in so many heads."""
        return Sizes(queries=queries, keys=queries, heads=heads, width=EXACT_WIDTH)

    def parts(self, layer: Built) -> tuple[str, str, str]:
        """Which arguments ask, are compared, and are handed over."""
        query, key, value = (layer.kata.entry.reads[role] for role in ROLES)
        return query, key, value

    def visible(self, scores: Sequence[int], mask: Tensor | None) -> Tensor:
        """What a mask leaves to be seen of scores of this shape, the causal rule included."""
        seen = torch.ones(*scores, dtype=torch.bool)
        seen = seen if mask is None else seen & (mask != 0)
        return seen.tril() if self.causal else seen

    def opposed(self, draw: Draw, visible: Tensor) -> Tensor:
        """Scores (…, L, S) at which whatever is hidden badly shows: in turn, row by row,

        visible ones near −10⁴, near 0 with one of exactly 0, near 0 under small hidden ones, and
        near 10⁴; the hidden ones beside them at 10⁴, −10⁴ and 0, by turns.
        """
        *lead, queries, keys = visible.shape
        turn = torch.arange(queries)[:, None] + torch.arange(max(visible[..., 0, 0].numel(), 1))
        turn = turn.T.reshape(*lead, queries, 1) % 4
        step = torch.randint(0, 4, visible.shape, generator=draw.generator) * STEPS
        first = (visible.cumsum(-1) == 1) & visible
        step = torch.where(first, 0.0, step)
        shown = torch.where(turn == 0, step - HUGE, torch.where(turn == 3, HUGE - step, step - 2))
        shown = torch.where((turn % 3 > 0) & first, 0.0, shown)
        ends = torch.tensor([HUGE, -HUGE, 0.0])
        order = torch.arange(keys) + draw.integer(0, 2)
        hidden = ends[(order + torch.cumsum(~visible, -1)) % 3]
        hidden = torch.where(turn == 2, step, hidden)
        # One hidden key in each row is at the upper end, whatever the draw.
        worst = (torch.cumsum(~visible, -1) == 1) & ~visible & (turn != 2)
        hidden = torch.where(worst, HUGE, hidden)
        return torch.where(visible, shown, hidden)
