"""Inputs on which an experiment shows something, for functions and layers alike.

As in an X-ray, values are one-hot where the attention weights themselves are to come out. Scores in
half precision are built from small whole numbers, so that fp16 holds each of them exactly, and what
goes wrong is a fill, an exponential or a dtype, and never the luck of a draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata

HEADS = 2
BATCH, QUERIES, KEYS, NARROW = 3, 4, 5, 8
"""Sizes of a small look at weights; layers have as many queries as keys."""
NOISE, LOUD, LOUDNESS = 48, 16, 3.0
"""In half precision, a width of 64: ±1 in so many places, and a common ±3 in so many more.

Scaled by 1/8, scores are 18 on average with a standard deviation of 0.87: e¹⁸ is beyond fp16.
"""
WIDE, MANY = 512, 64
"""Width and number of keys where the scale shows."""


@dataclass(frozen=True)
class Inputs:
    """What a request is made from: a kata, where the submission keeps its weights, and numbers."""

    kata: Kata
    layout: Layout
    draw: Draw

    @property
    def heads(self) -> int:
        """How many heads the layer gets; one where the kata has none."""
        return HEADS if self.kata.entry.meaning("heads") else 1

    @property
    def is_layer(self) -> bool:
        """Whether the kata asks for a layer."""
        return self.kata.entry.is_module

    def function(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Request:
        """A call of the function; without a mask where the kata has none."""
        arguments = {"query": query, "key": key, "value": value}
        return Request({}, {}, (Call(arguments | self._masked(mask)),))

    def layer(
        self, x: Tensor, weights: Mapping[str, Tensor], visible: Tensor | None = None
    ) -> Request:
        """A call of a layer with these weights; `visible` (B, S) says which keys are real.

        Biases, where the submission has them, are drawn; but query, key and value have none, so
        that scores and weights are what the request makes them.
        """
        entry = self.kata.entry
        construct = self.kata.construction(self.heads, x.shape[-1] // self.heads)
        assert construct is not None  # experiments are asked of layers that have a width
        first = entry.required[0]
        mask = None
        if visible is not None:
            mask = visible[:, None, None] if self.heads > 1 else visible[:, None]
        projections = {role: self._projection(role, w) for role, w in weights.items()}
        return Request(construct, projections, (Call({first: x} | self._masked(mask)),))

    def _projection(self, role: str, weight: Tensor) -> Projection:
        if not self.layout.biased(role):
            return Projection(weight)
        size = weight.shape[0]
        return Projection(weight, self.draw(size) if role == "output" else torch.zeros(size))

    def _masked(self, mask: Tensor | None) -> dict[str, Any]:
        own = self.kata.entry.mask
        return {} if own is None or mask is None else {own.name: mask}

    def one_hot(self, noise: Tensor) -> Tensor:
        """`noise` (B, S, …) and beside it the position of each token: x (B, S, D)."""
        batch, keys, _ = noise.shape
        return torch.cat([noise, torch.eye(keys).expand(batch, keys, keys)], -1)

    def reading(self, width: int, keys: int) -> dict[str, Tensor]:
        """Value and output projections that hand over the attention weights, head beside head."""
        value = torch.zeros(self.heads, width // self.heads, width)
        value[:, :keys, -keys:] = torch.eye(keys)
        read = {"value": value.reshape(width, width), "output": torch.eye(width)}
        return {role: weight for role, weight in read.items() if role in self.kata.roles}


def padded(inputs: Inputs) -> tuple[Request, Tensor]:
    """A mask that leaves something nothing to see, and which rows of the output (B, L) those are.

    Of a function it is query 2 of the first batch entry, of a layer the whole of sequence 2.
    """
    draw = inputs.draw
    if not inputs.is_layer:
        mask = draw.mask(2, QUERIES, KEYS)
        mask[0, 2] = False
        query, key = draw(2, QUERIES, NARROW), draw(2, KEYS, NARROW)
        value = torch.eye(KEYS).repeat(2, 1, 1)
        return inputs.function(query, key, value, mask), ~mask.any(-1)
    width = NARROW * inputs.heads
    visible = torch.arange(KEYS) < torch.tensor([[KEYS], [KEYS - 2], [0]])
    x = inputs.one_hot(draw(BATCH, KEYS, width - KEYS))
    drawn = {role: draw(width, width) / width**0.5 for role in ("query", "key")}
    request = inputs.layer(x, drawn | inputs.reading(width, KEYS), visible)
    return request, ~visible.any(-1)[:, None].expand(BATCH, KEYS)


def half(inputs: Inputs) -> Request:
    """A request in fp16 whose scaled scores are about 18, and exact."""
    draw, width = inputs.draw, (NOISE + LOUD)
    if not inputs.is_layer:
        query, key = _loud(draw, 2, QUERIES, 1), _loud(draw, 2, KEYS, 1)
        arguments = query, key, draw(2, KEYS, 6)
        rounded = [tensor.half() for tensor in arguments]
        request = inputs.function(rounded[0], rounded[1], rounded[2], draw.mask(2, QUERIES, KEYS))
        return replace(request, dtype=torch.float16)
    heads = inputs.heads
    turned = torch.block_diag(*[_turn(draw) for _ in range(heads)])  # type: ignore[no-untyped-call]
    drawn = {role: draw(*turned.shape) / width**0.5 for role in inputs.kata.roles}
    weights = drawn | {"query": turned, "key": torch.eye(len(turned))}
    visible = draw.padding(2, KEYS)
    request = inputs.layer(_loud(draw, 2, KEYS, heads), weights, visible)
    return in_dtype(request, torch.float16)


def _loud(draw: Draw, batch: int, rows: int, heads: int) -> Tensor:
    """(batch, rows, 64·heads): signs, and the same few loud entries in every row."""
    signs = draw.signs(batch, rows, heads, NOISE)
    loud = torch.full((batch, rows, heads, LOUD), LOUDNESS)
    return torch.cat([signs, loud], -1).flatten(-2)


def _turn(draw: Draw) -> Tensor:
    """A permutation of the noise: no token's query resembles its own key, and all is exact."""
    turned = torch.eye(NOISE)[draw.permutation(NOISE)]
    return torch.block_diag(turned, torch.eye(LOUD))  # type: ignore[no-untyped-call, no-any-return]


def wide(inputs: Inputs, *, times: bool) -> tuple[Request, int]:
    """Unit-variance queries and keys at a large d_k, and that d_k; `times` √d_k, or as it is."""
    draw = inputs.draw
    d_k = WIDE // inputs.heads
    factor = d_k**0.5 if times else 1.0
    if not inputs.is_layer:
        query, key = draw(2, MANY, WIDE), draw(2, MANY, WIDE)
        value = torch.eye(MANY).repeat(2, 1, 1)
        return inputs.function(query * factor, key, value, None), d_k
    noise = WIDE - MANY
    x = inputs.one_hot(draw(2, MANY, noise))
    blank = torch.zeros(WIDE, MANY)
    drawn = {r: torch.cat([draw(WIDE, noise) / noise**0.5, blank], -1) for r in ("query", "key")}
    drawn["query"] = drawn["query"] * factor
    return inputs.layer(x, drawn | inputs.reading(WIDE, MANY)), d_k


def in_dtype(request: Request, dtype: torch.dtype) -> Request:
    """The same request, every floating number of it in another dtype."""

    def cast(value: Any) -> Any:
        floating = isinstance(value, Tensor) and value.is_floating_point()
        return value.to(dtype) if floating else value

    calls = tuple(
        replace(call, arguments={n: cast(v) for n, v in call.arguments.items()})
        for call in request.calls
    )
    weights = {
        role: Projection(cast(p.weight), cast(p.bias)) for role, p in request.weights.items()
    }
    return replace(request, weights=weights, calls=calls, dtype=dtype)
