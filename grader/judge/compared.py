"""What katas' solutions make of the same five tokens: their attention weights beside each other.

A solution is the project's own code, so it runs in this process, and its weights are what its
softmax returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from grader.exchange.layout import Layout, Projection
from grader.exchange.local import load_variant
from grader.exchange.request import Request
from grader.judge.by_hand import matrices, requests
from grader.kata.entry_point import Parameter
from grader.kata.example import Example
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
        variant.directly(_request(kata))
    shown = [w for w in seen.returned if w.shape[-2:] == (len(TOKENS), len(TOKENS))]
    if not shown:
        raise Refused(f"{kata.slug} never holds its weights as one matrix: compare others")
    return matrices(shown[-1])[0]


def _request(kata: Kata) -> Request:
    """A call in which the tokens are whatever is a sequence; every weight is the identity.

    Of a role with a single row all entries are 1: there is no identity of that shape.
    """
    construct = {p.name: _size(p) for p in kata.entry.construct if p.required}
    call = {p.name: _given(kata, p) for p in kata.entry.call if p.required}
    (request,) = requests(kata, Example(construct, call, {}), Layout())
    single = {
        r: Projection(torch.ones_like(p.weight))
        for r, p in request.weights.items()
        if len(p.weight) == 1
    }
    return replace(request, weights={**request.weights, **single})


def _size(parameter: Parameter) -> Any:
    if parameter.means in ONE:
        return 1
    return WIDTH if isinstance(parameter.sample, int) else parameter.sample


def _given(kata: Kata, parameter: Parameter) -> Any:
    """The tokens as nested lists, 1 for each axis before theirs; what is no tensor as it is."""
    given: Any = TOKENS if parameter.axes else parameter.sample
    for _ in kata.entry.axes[parameter.name].words[:-2] if parameter.axes else ():
        given = [given]
    return given


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
