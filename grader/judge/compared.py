"""What katas' solutions make of the same five tokens: their attention weights beside each other.

A solution is the project's own code, so it runs in this process, and its weights are what its
softmax returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from grader.exchange.layout import Projection
from grader.exchange.local import load_variant
from grader.exchange.request import Call, Request
from grader.judge.by_hand import matrices
from grader.kata.entry_point import Parameter
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.by_hand import Matrix

TOKENS = (
    (1.0, 0.0, 1.0, 0.0),
    (0.0, 1.0, 0.0, 1.0),
    (1.0, 1.0, 0.0, 0.0),
    (0.0, 0.0, 1.0, 1.0),
    (1.0, 0.5, 0.5, 0.0),
)
"""Five tokens of four features, some alike and some at right angles."""
WIDTH = len(TOKENS[0])
ONE = ("heads", "kv_heads")
"""Parameters that are 1 here."""


@dataclass(frozen=True)
class Weighed:
    """A kata, and the weights (5, 5) of its solution: rows are queries, columns keys."""

    slug: str
    summary: str
    weights: Matrix


def weighed(katas: Sequence[Kata]) -> tuple[Weighed, ...]:
    """The weights of each kata's solution; Refused where one has none to show."""
    return tuple(Weighed(kata.slug, kata.summary, _weights(kata)) for kata in katas)


def _weights(kata: Kata) -> Matrix:
    variant = load_variant(kata, kata.solution.read_text(encoding="utf-8"))
    with Softmaxes() as seen:
        variant.directly(request_of(kata))
    shown = [w for w in seen.returned if w.shape[-2:] == (len(TOKENS), len(TOKENS))]
    if not shown:
        raise Refused(f"{kata.slug} never holds its weights as one matrix: compare others")
    return matrices(shown[-1])[0]


def request_of(kata: Kata) -> Request:
    """A call in which the tokens are whatever is a sequence; every weight is the identity.

    Of a role with a single row all entries are 1: there is no identity of that shape.
    """
    construct = {p.name: _size(p) if p.required else p.value for p in kata.entry.construct}
    weights = {
        role: Projection(torch.ones(*shape) if shape[0] == 1 else torch.eye(*shape))
        for role, shape in kata.shapes(construct).items()
    }
    arguments = {p.name: _given(kata, p.name, p.sample) for p in kata.entry.call if p.required}
    return Request(construct, weights, (Call(arguments),), axes=kata.entry.axes)


def _size(parameter: Parameter) -> Any:
    if parameter.means in ONE:
        return 1
    return WIDTH if isinstance(parameter.sample, int) else parameter.sample


def _given(kata: Kata, name: str, sample: Any) -> Any:
    axes = kata.entry.axes.get(name)
    if axes is None:
        return sample
    return torch.tensor(TOKENS).reshape(*[1] * (len(axes.words) - 2), len(TOKENS), WIDTH)


class Softmaxes(TorchFunctionMode):
    """Notes what every softmax returns that is taken meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.returned: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call it, and note what a softmax gave."""
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in ("softmax", "_softmax"):
            self.returned.append(result.detach())
        return result
