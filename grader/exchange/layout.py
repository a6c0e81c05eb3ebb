"""How one submission stores the kata's projections: the judge thinks in roles, and here they meet.

The judge writes its own weights into whatever layout it finds, and reads gradients back the same
way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Projection:
    """One linear map: weight (out, in) and bias (out,), or None where the layer has no bias."""

    weight: Tensor
    bias: Tensor | None = None


Weights = Mapping[str, Projection]


@dataclass(frozen=True)
class Slot:
    """A parameter of the layer and the roles whose rows it holds, in order."""

    name: str
    roles: tuple[str, ...]
    transposed: bool = False
    bias: bool = False

    def gather(self, weights: Weights) -> Tensor:
        """The value this parameter has to hold."""
        if self.bias:
            return torch.cat([_bias(weights[role]) for role in self.roles])
        rows = torch.cat([weights[role].weight for role in self.roles])
        return rows.T.contiguous() if self.transposed else rows


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

    def state(self, weights: Weights) -> dict[str, Tensor]:
        """Parameter values for these weights."""
        return {slot.name: slot.gather(weights) for slot in self.slots}

    def biased(self, role: str) -> bool:
        """Whether this layer has a bias for the role."""
        return any(slot.bias and role in slot.roles for slot in self.slots)

    def fused(self) -> bool:
        """Whether several roles share one weight."""
        return any(len(slot.roles) > 1 and not slot.bias for slot in self.slots)

    def read(self, values: Mapping[str, Tensor], like: Weights) -> dict[str, Tensor]:
        """Tensors given by parameter name, as `"query weight"`, `"query bias"` …."""
        found: dict[str, Tensor] = {}
        for slot in self.slots:
            value = values.get(slot.name)
            if value is None:
                continue
            rows = value.T if slot.transposed else value
            sizes = [len(like[role].weight) for role in slot.roles]
            if len(rows) != sum(sizes):
                continue
            for role, part in zip(slot.roles, torch.split(rows, sizes), strict=True):
                found[f"{role} {'bias' if slot.bias else 'weight'}"] = part
        return found
