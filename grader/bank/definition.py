"""What a kata computes, as one object: its truth, and calls of the shapes that its axes allow.

A bank writes the truth down once, by torch's own operators. Everything claimed every time follows
from it: what an answer should be, what its gradients should be, what dropout may make of it. What a
call looks like is read from `kata.toml`, so that nothing here knows a kata by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import product
from typing import Any, Protocol

import torch
from torch import Tensor

from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import apart_in_masks, assert_gradients, assert_matches, mask_of
from grader.bank.draw import Draw, Sizes, by_word, measured
from grader.bank.truth import allowed, attention, gradients
from grader.exchange.answer import Answer
from grader.exchange.layout import Projection
from grader.exchange.request import Build
from grader.kata.axes import Axes
from grader.kata.kata import ROLES, Kata

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


@dataclass(frozen=True)
class Definition:
    """A kata's truth, and calls to try it with.

    truth(**arguments) of a function, truth(weights, **arguments) of a layer, in float64. What it
    asks for behind `*` it is given by name: a constructor's parameters, and `attend`, which is
    torch's own attention under the causal rule where there is one, or what a check puts there.
    """

    truth: Callable[..., Tensor]
    causal: bool = False
    """Whether query i sees keys 0 … i only."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Constructor parameters that are the same in every check, by name."""

    # --- what is true ----------------------------------------------------------------------------

    @cached_property
    def _asks(self) -> tuple[str, ...]:
        parameters = inspect.signature(self.truth).parameters.values()
        return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    def of(
        self, build: Build, *, rows: Tensor | None = None, kept: Tensor | None = None
    ) -> Callable[..., Tensor]:
        """The truth for one construction, as a function of weights (for a layer) and arguments.

        rows: only these queries. kept (…, L, S): what dropout multiplies the weights with.
        """
        attend = partial(self.attend, rows=rows, kept=kept)
        if self.truth is attention:
            return attend
        known = {**build.construct, "attend": attend}
        whole = partial(self.truth, **{name: known[name] for name in self._asks})
        if rows is None or "attend" in self._asks:
            return whole
        return lambda *weights, **call: whole(*weights, **call)[..., rows, :]

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
        *,
        rows: Tensor | None = None,
        kept: Tensor | None = None,
    ) -> Tensor:
        """Torch's attention in float64 under the causal rule; see `of` for rows and kept."""
        shape = (query.size(-2), key.size(-2))
        visible = torch.ones(shape, dtype=torch.bool).tril() if self.causal else None
        if mask is not None:
            visible = mask != 0 if visible is None else visible & (mask != 0)
        if rows is not None:
            query = query[..., rows, :]
            visible = None if visible is None else visible.expand(*visible.shape[:-2], *shape)
            visible = None if visible is None else visible[..., rows, :]
        if kept is None:
            return attention(query, key, value, visible)
        # Its weights are what identity values give, and can then be thinned.
        each_key = torch.eye(key.size(-2)).expand(*key.shape[:-1], -1)
        return attention(query, key, each_key, visible) * kept @ value

    def true(
        self, answer: Answer, *, rows: Tensor | None = None, kept: Tensor | None = None
    ) -> Tensor:
        """What an answer should have been."""
        weights = (answer.build.weights,) if answer.build.construct else ()
        return self.of(answer.build, rows=rows, kept=kept)(*weights, **answer.call.arguments)

    def true_gradients(self, answer: Answer, *, kept: Tensor | None = None) -> dict[str, Tensor]:
        """What its gradients should have been: those of the inputs followed, and of the weights."""
        call, build = answer.call, answer.build
        assert call.cotangent is not None
        weights = build.weights if build.construct else None
        found = gradients(self.of(build, kept=kept), call.arguments, call.cotangent, weights)
        asked = [f"input {name}" for name in call.follow or ()]
        return {n: g for n, g in found.items() if n in asked or not n.startswith("input ")}

    # --- asking and comparing --------------------------------------------------------------------

    def holds(
        self, layer: Layer, *calls: Mapping[str, Any], scores: float = 0.0, **options: Any
    ) -> list[Answer]:
        """Ask these calls of one layer; every answer is true, and so are gradients asked for."""
        return self.agree(layer.each(*calls, **options), scores=scores)

    def agree(self, answers: Sequence[Answer], *, scores: float = 0.0) -> list[Answer]:
        """Every answer is true, and so are the gradients where a call asked for them.

        scores: the largest magnitude of a score, where it is far beyond the ordinary.
        """
        right = {
            id(a)
            for group in apart_in_masks(answers)
            if self._all_right(group, scores)
            for a in group
        }
        for answer in answers:
            if id(answer) not in right:
                assert_matches(answer, self.true(answer), scores=scores)
            if answer.call.cotangent is not None:
                assert_gradients(answer, self.true_gradients(answer), scores=scores)
        return list(answers)

    def _all_right(self, group: Sequence[Answer], scores: float) -> bool:
        """Whether answers to calls that differ in their masks alone are true beyond doubt.

        All masks at once, as so many examples of one batch: that takes a fifth of the time.
        """
        first, count = group[0], len(group)
        build, arguments, own = first.build, first.call.arguments, mask_of(first)
        if len({(a.output.shape, a.output.dtype) for a in group} | {first.output.shape}) != 2:
            return False
        known, lead = measured(first.request.axes, build.construct, arguments, own)
        span = first.request.axes[own].shape(known, lead)
        given = {n: v.expand(count, *v.shape) if isinstance(v, Tensor) else v
                 for n, v in arguments.items()}  # fmt: skip
        given[own] = torch.stack([a.call.arguments[own].expand(span) != 0 for a in group])
        if build.construct:
            given = {n: v.flatten(0, 1) if isinstance(v, Tensor) else v for n, v in given.items()}
        weights = (build.weights,) if build.construct else ()
        truth = self.of(build)(*weights, **given).reshape(count, *first.output.shape)
        error = (torch.stack([a.output for a in group]).double() - truth).abs()
        least = float(truth.abs().flatten(1).amax(1).min()) or 1.0
        return bool((error <= allowed(truth, build.dtype, scale=least, scores=scores)).all())

    def backward(
        self, draw: Draw, layer: Layer, *calls: Mapping[str, Any], scores: float = 0.0, **how: Any
    ) -> list[Answer]:
        """Ask these calls with gradients of a random cotangent; both are true."""
        pulls = [draw(*layer.returned(call)) for call in calls]
        return self.holds(layer, *calls, scores=scores, cotangents=pulls, **how)

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
        made = kata.construction(sizes.heads, sizes.width) or dict(kata.entry.probe)
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
        for row in range(0, len(query), EXACT_WIDTH):
            query[row + place, place] = GAIN * 4.0
        for head in range(heads):
            key[head * EXACT_WIDTH + place, queries * (head + 1) + place] = 1.0
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
