"""How one submission stores the kata's projections: the judge thinks in roles, and here they meet.

The judge writes its own weights into whatever layout it finds, and reads gradients back the same
way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Projection:
    """One linear map: weight (out, in) and bias (out,), or None where the layer has no bias."""

    weight: Tensor
    bias: Tensor | None = None


Weights = Mapping[str, Projection]
OUT_IN, IN_OUT = ("rho", "gi"), ("gi", "rho")
"""The axes of a linear layer's weight, and those of one that x is multiplied with."""
VECTOR = ("gi",)
"""The axis of a single row that is kept as no matrix."""
LETTERS = "rhogi"
"""What an axis runs over: roles, heads and rows within a head; heads and columns within a head.

The rows of query, key and value fall into heads, and so do the columns of the output.
"""


@dataclass(frozen=True)
class Slot:
    """A parameter of the layer and the roles whose rows it holds, in order, or whose columns."""

    name: str
    roles: tuple[str, ...]
    transposed: bool = False
    bias: bool = False
    axes: tuple[str, ...] = ()
    """What each of its axes runs over, where it is no matrix: `("h", "gi", "o")`; of size 1: ""."""
    beside: bool = False
    """Whether its roles lie side by side: they have the same rows, and columns of their own."""

    @property
    def spelled(self) -> tuple[str, ...]:
        """What each of its axes runs over."""
        if self.axes:
            return self.axes
        if self.bias:
            return ("rho",)
        return IN_OUT if self.transposed else OUT_IN

    @property
    def _is_matrix(self) -> bool:
        """Whether it is rows and columns and nothing else, be it a single row."""
        return "rho" in self.spelled or set(self.spelled) <= {"", *VECTOR}

    def gather(self, weights: Weights, heads: int = 1) -> Tensor:
        """The value this parameter has to hold."""
        if self.bias:
            parts = [_bias(weights[role])[:, None] for role in self.roles]
        else:
            parts = [weights[role].weight for role in self.roles]
        spelled = self.spelled
        if self._is_matrix:  # rows lie one below the other, as many as each role has
            rows = torch.cat(parts, dim=1 if self.beside else 0)
            core = [axis for axis in spelled if axis]
            matrix = rows if core[0] == "rho" else rows.T
            sizes = {"rho": len(rows), "gi": rows.size(1), "": 1}
            return matrix.reshape([sizes[axis] for axis in spelled]).contiguous()
        sizes = self._sizes(weights, heads)
        if math.prod(sizes.values()) != sum(part.numel() for part in parts):
            return torch.cat(parts)  # indivisible: no layer has such heads, and none is to be built
        whole = torch.stack(parts).reshape([sizes[letter] for letter in LETTERS])
        return _folded(whole, spelled, sizes)

    def scatter(self, value: Tensor, like: Weights, heads: int = 1) -> list[Tensor]:
        """A value of this parameter as each role's (out, in), or (out,); empty where unfit."""
        spelled, width = self.spelled, 1 if self.bias else like[self.roles[0]].weight.size(1)
        counts = [len(like[role].weight) for role in self.roles]
        rows = sum(counts)
        if self.beside:
            rows, counts = counts[0], [like[role].weight.size(1) for role in self.roles]
            width = sum(counts)
        if value.numel() != rows * width or value.dim() != len(spelled):
            return []
        if self._is_matrix:
            upright = next(axis for axis in spelled if axis) == "rho"
            matrix = value.reshape(rows, width) if upright else value.reshape(width, rows).T
            parts = list(torch.split(matrix, counts, dim=1 if self.beside else 0))
        else:
            sizes = self._sizes(like, heads)
            if math.prod(sizes.values()) != value.numel():
                return []
            flat = "".join(spelled)
            letters = flat + "".join(letter for letter in LETTERS if letter not in flat)
            whole = value.reshape([sizes[letter] for letter in letters])
            whole = whole.permute([letters.index(letter) for letter in LETTERS])
            parts = list(whole.reshape(len(counts), counts[0], width))
        return [part[:, 0] for part in parts] if self.bias else parts

    def _sizes(self, weights: Weights, heads: int) -> dict[str, int]:
        """The size of what each letter stands for; a bias has a single column."""
        shapes = {role: tuple(projection.weight.shape) for role, projection in weights.items()}
        columns = {"g": 1, "i": 1} if self.bias else {}
        return letter_sizes(self.roles, shapes, heads) | columns


def _folded(whole: Tensor, spelled: Sequence[str], sizes: Mapping[str, int]) -> Tensor:
    """A tensor with an axis for each letter, in the axes of a parameter."""
    flat = "".join(spelled)
    left = "".join(letter for letter in LETTERS if letter not in flat)
    turned = whole.permute([LETTERS.index(letter) for letter in flat + left])
    shape = [math.prod(sizes[letter] for letter in axis) for axis in spelled]
    return turned.reshape(shape).contiguous()


def letter_sizes(
    roles: Sequence[str], shapes: Mapping[str, tuple[int, ...]], heads: int
) -> dict[str, int]:
    """The size of what each letter stands for, from the (out, in) of roles with equal rows."""
    out, width = shapes[roles[0]]
    head_dim = max(shapes.get("query", (out, width))[0] // heads, 1)
    rows = 1 if roles[0] == "output" else max(out // head_dim, 1)
    columns = max(width // head_dim, 1) if roles[0] == "output" else 1
    return {"r": len(roles), "h": rows, "o": out // rows, "g": columns, "i": width // columns}


def _bias(projection: Projection) -> Tensor:
    return (
        projection.weight.new_zeros(len(projection.weight))
        if projection.bias is None
        else (projection.bias)
    )


@dataclass(frozen=True)
class Layout:
    """How one submission stores the kata's projections."""

    slots: tuple[Slot, ...] = ()
    extras: tuple[str, ...] = ()
    """Parameters that play no role in this kata, with their shapes, as text."""
    found: tuple[tuple[str, tuple[int, ...]], ...] = field(default=(), compare=False)
    heads: str = ""
    """The constructor's parameter that says how many heads there are."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """How its weights were read, where names left that open."""

    def state(
        self, weights: Weights, construct: Mapping[str, Any] | None = None
    ) -> dict[str, Tensor]:
        """Parameter values for these weights; `construct` says how many heads there are."""
        heads = self._heads(construct)
        return {slot.name: slot.gather(weights, heads) for slot in self.slots}

    def _heads(self, construct: Mapping[str, Any] | None) -> int:
        return int((construct or {}).get(self.heads, 1))

    def biased(self, role: str) -> bool:
        """Whether this layer has a bias for the role."""
        return any(slot.bias and role in slot.roles for slot in self.slots)

    def fused(self) -> bool:
        """Whether several roles share one weight."""
        return any(len(slot.roles) > 1 and not slot.bias for slot in self.slots)

    def read(
        self,
        values: Mapping[str, Tensor],
        like: Weights,
        construct: Mapping[str, Any] | None = None,
    ) -> dict[str, Tensor]:
        """Tensors given by parameter name, as `"query weight"`, `"query bias"` …."""
        found: dict[str, Tensor] = {}
        for slot in self.slots:
            value = values.get(slot.name)
            parts = [] if value is None else slot.scatter(value, like, self._heads(construct))
            for role, part in zip(slot.roles, parts, strict=False):
                found[f"{role} {'bias' if slot.bias else 'weight'}"] = part
        return found
