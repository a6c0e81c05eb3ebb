"""A question to a submission, in terms of roles and argument names, as data.

It is encoded for the layout at hand, run in a worker, and kept with its reply, so that a diagnosis
can later run the very same request through other code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grader.exchange.layout import Layout, Weights
from grader.kata.axes import Axes
from grader.kata.kata import Kata
from grader.worker.wire import Message


@dataclass(frozen=True)
class Call:
    """One call of the built submission; arguments by the kata's names, omitted means default."""

    arguments: Mapping[str, Any]
    mode: str = "eval"
    seed: int | None = None
    cotangent: Tensor | None = None
    keep_inputs: bool = False


@dataclass(frozen=True)
class Request:
    """A whole question to the submission: construction, weights by role, and calls."""

    construct: Mapping[str, Any]
    weights: Weights
    calls: tuple[Call, ...]
    seed: int = 0
    dtype: torch.dtype = torch.float32
    device: str = "cpu"
    trace: bool = False
    warm: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the forward pass that lazy layers need first, where there is no call."""
    axes: Mapping[str, Axes] = field(default_factory=dict)
    """What the arguments' sizes are called, for messages."""

    def given(self, call: Call) -> str:
        """What was built and passed, for a message."""
        return describe(self.construct, call.arguments, self.axes)

    def encode(self, layout: Layout) -> Message:
        """The message for a submission that stores its weights as `layout` says."""
        calls = [vars(call) | {"arguments": dict(call.arguments)} for call in self.calls]
        return {
            "ask": "run",
            "construct": dict(self.construct),
            "state": layout.state(self.weights) if self.weights else {},
            "seed": self.seed,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device,
            "calls": calls,
            "trace": self.trace,
            "warm": dict(self.calls[0].arguments if self.calls else self.warm),
        }


def describe(
    construct: Mapping[str, Any], arguments: Mapping[str, Any], axes: Mapping[str, Axes]
) -> str:
    """`hidden_dim=12, x (2, 7, 12) = (B, S, hidden_dim), mask (7, 7) bool`."""
    parts = [f"{name}={value!r}" for name, value in construct.items()]
    for name, value in arguments.items():
        if isinstance(value, Tensor):
            dtype = "" if value.dtype is torch.float32 else f" {str(value.dtype)[6:]}"
            spoken = axes[name].spoken(value.shape) if name in axes else ""
            parts.append(f"{name} {tuple(value.shape)}{dtype}{' = ' * bool(spoken)}{spoken}")
        elif value is not None:
            parts.append(f"{name}={value!r}")
    return ", ".join(parts)


def probe_request(kata: Kata) -> Request:
    """A request that builds the kata's probe construction; lazy layers see one small input."""
    entry = kata.entry
    sizes = {word: 2 for axes in entry.axes.values() for word in axes.words} | entry.probe
    warm: dict[str, Any] = {}
    for parameter in entry.call:
        if not parameter.required:
            continue
        axes = entry.axes.get(parameter.name)
        dtype = getattr(torch, parameter.dtype) if parameter.dtype else torch.float32
        warm[parameter.name] = (
            parameter.sample if axes is None else torch.zeros(axes.shape(sizes), dtype=dtype)
        )
    return Request(entry.probe, {}, (), warm=warm, axes=entry.axes)
