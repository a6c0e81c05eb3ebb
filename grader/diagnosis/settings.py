"""How a probe's layer is built and called: sizes that all differ, inputs of noise, masks.

Built from the axes and readers that `kata.toml` declares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.axes import Axes
from grader.kata.entry_point import ROLES, Parameter
from grader.kata.kata import Kata

HEADS, WIDTH = 3, 14
OTHER_HEADS, OTHER_WIDTH = 2, 20
DIVISIBLE = {WIDTH: 24, OTHER_WIDTH: 40, 4: 8}
"""The widths of layers that have one head: some split them into two, four or eight all the same."""
SHARED = 2
"""Query heads for each head of keys and values, where a kata counts those apart."""
COLDEST = 10.0
"""So many times the usual temperature is divided by, at most."""


@dataclass(frozen=True)
class Setting:
    """A construction with weights, and the sizes of its calls."""

    kata: Kata
    construct: Mapping[str, Any]
    weights: Mapping[str, Projection]
    sizes: Mapping[str, int]
    lead: tuple[int, ...]
    more: int = 0
    """By how much a whole number that every call gives is larger than its sample."""

    def request(self, *calls: Call, **options: Any) -> Request:
        """A question to this layer, or to the function."""
        axes = self.kata.entry.axes
        return Request(self.construct, self.weights, calls, axes=axes, **options)

    def shape(self, axes: Axes) -> tuple[int, ...]:
        """The shape of a tensor with these axes here."""
        return axes.shape(self.sizes, self.lead)

    def inputs(self, draw: Draw, scale: float = 1.0) -> dict[str, Any]:
        """What every call gives: tensors of noise, sample values for the rest."""
        entry = self.kata.entry
        given: dict[str, Any] = {}
        for parameter in entry.call:
            if not parameter.required:
                continue
            axes = entry.axes.get(parameter.name)
            if axes is None:
                given[parameter.name] = self.sample(parameter)
            elif parameter.dtype:
                given[parameter.name] = self.counted(parameter)
            else:
                given[parameter.name] = draw(*self.shape(axes)) * scale
        return given if scale <= 1 else given | self._colder(given, scale)

    def sample(self, parameter: Parameter) -> Any:
        """A value for what is no tensor: another whole number in another setting."""
        known = parameter.sample
        return known + self.more if type(known) is int else known

    def _colder(self, given: Mapping[str, Any], scale: float) -> dict[str, Any]:
        """What makes scores large where they are divided by a temperature: a low one.

        Lengths may have no part in them then, so some keys are queries.
        """
        entry = self.kata.entry
        name = next((p.name for p in entry.call if p.means == "temperature"), None)
        if name is None:
            return {}
        usual = next(p.sample if p.required else p.value for p in entry.call if p.name == name)
        query, key = (given[entry.reads[role]] for role in ROLES[:2])
        same = min(query.size(-2), key.size(-2))
        alike = torch.cat([query[..., :same, :], key[..., same:, :]], -2)
        return {name: usual / min(scale, COLDEST), entry.reads["key"]: alike}

    def counted(self, parameter: Parameter) -> Tensor:
        """Positions and the like: 0, 1, 2 … along the last axis."""
        shape = self.shape(Axes.parse(parameter.axes))
        dtype = getattr(torch, parameter.dtype)
        return torch.arange(shape[-1], dtype=dtype).expand(shape)

    def cotangent(self, draw: Draw) -> Tensor:
        """Something to multiply the result with, so that its gradient can be asked for."""
        return draw(*self.shape(Axes.parse(self.kata.entry.returns)))


def setting(
    kata: Kata,
    layout: Layout,
    draw: Draw,
    sizes: Mapping[str, int],
    *,
    heads: int = HEADS,
    width: int = WIDTH,
    lead: Sequence[int] = (2,),
) -> Setting:
    """A layer of so many heads of that width each, or a function called with d_k of that width."""
    entry = kata.entry
    construct: dict[str, Any] = {}
    if entry.is_module:
        if entry.meaning("heads") is None:
            width = DIVISIBLE.get(width, width)
        construct = kata.construction(heads, width, SHARED) or dict(entry.probe)
        rate = entry.meaning("dropout")
        if rate in construct:
            construct[rate] = 0.0
    words = {word for axes in entry.axes.values() for word in axes.words}
    known = entry.sized({word: width + n for n, word in enumerate(sorted(words - set(sizes)))})
    known |= {n: v for n, v in construct.items() if isinstance(v, int)}
    shapes = kata.shapes(construct)
    weights = draw.weights(shapes, [role for role in shapes if layout.biased(role)])
    return Setting(kata, construct, weights, {**known, **sizes}, tuple(lead))


def some(draw: Draw, shape: tuple[int, ...], axes: Axes) -> Tensor:
    """A boolean mask of this shape, with the last two of these axes, that shows and hides some.

    A token that attends to tokens sees itself: so it sees something, whatever rule is joined.
    """
    drawn = draw.mask(*shape, visible=0.5)
    queries, keys = axes.words[-2:]
    return drawn | torch.eye(*shape[-2:], dtype=torch.bool) if queries == keys else drawn


def masked(place: Setting, draw: Draw) -> dict[str, Tensor]:
    """The mask of a call, with all of the axes that the kata's may have, if it has one."""
    parameter = place.kata.entry.mask
    if parameter is None:
        return {}
    axes = Axes.parse(parameter.axes)
    return {parameter.name: some(draw, place.shape(axes), axes)}


def quiet(place: Setting, roles: Sequence[str] = ("query", "key")) -> Setting:
    """The same layer with weights of zero for these roles; a function has none."""
    silent = {
        role: Projection(p.weight * 0, None if p.bias is None else p.bias * 0)
        for role, p in place.weights.items()
        if role in roles
    }
    return replace(place, weights={**place.weights, **silent})


def loud(place: Setting, scale: float) -> Setting:
    """The same layer with weights of its own for scores, if it has any, as large as two inputs.

    What a kata has no usual role for is what makes scores of query and key, where no product does.
    """
    usual = (*ROLES, "output")
    told = {
        role: projection
        if role in usual
        else Projection(projection.weight * scale**2, projection.bias)
        for role, projection in place.weights.items()
    }
    return replace(place, weights=told)


def can_be_even(place: Setting) -> bool:
    """Whether scores of zero can be made: not where one argument of a function plays all parts."""
    return place.kata.entry.is_module or len({*place.kata.entry.reads.values()}) != 1


def even_inputs(place: Setting, draw: Draw) -> dict[str, Any]:
    """Arguments with queries and keys of zero, where they are arguments of their own."""
    given, reads = place.inputs(draw), place.kata.entry.reads
    if reads and len(set(reads.values())) == len(ROLES):
        for role in ("query", "key"):
            given[reads[role]] = torch.zeros_like(given[reads[role]])
    return given
