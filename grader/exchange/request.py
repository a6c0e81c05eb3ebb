"""A question to a submission, in terms of roles and argument names, as data.

It is encoded for the layout at hand, run in a worker, and kept with its reply, so that a diagnosis
can later run the very same request through other code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from grader.exchange.layout import Layout, Weights
from grader.kata.axes import Axes
from grader.kata.kata import Kata
from grader.worker.wire import Message


@dataclass(frozen=True)
class After:
    """What an earlier call of the same request returned beside its output; it stays in the worker.

    It is the submission's own object, which nobody looks into: passed back as it came.
    """

    call: int

    def __repr__(self) -> str:
        return f"what call {self.call + 1} returned"


@dataclass(frozen=True)
class Build:
    """A construction of the submission, and the weights by role that it holds."""

    construct: Mapping[str, Any]
    weights: Weights
    dtype: torch.dtype = torch.float32


@dataclass(frozen=True)
class Call:
    """One call of the built submission; arguments by the kata's names, omitted means default."""

    arguments: Mapping[str, Any]
    mode: str = "eval"
    seed: int | None = None
    cotangent: Tensor | None = None
    follow: Sequence[str] | None = None
    """Floating arguments that need a gradient, with the cotangent; all of them where it is None."""
    keep_inputs: bool = False
    build: int = 0
    """Which of the request's builds is called."""
    weights: Weights | None = None
    """Weights that it is given first, as a step of training would."""
    dtype: torch.dtype | None = None
    """The dtype that it is moved to first."""
    again: bool = False
    """Whether it is given the very tensors that a call before it was, with other values by now."""


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
    measure: bool = False
    """Whether the reply says what the calls cost: the storages that they made."""
    warm: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the forward pass that lazy layers need first, where the call's own are none."""
    axes: Mapping[str, Axes] = field(default_factory=dict)
    """What the arguments' sizes are called, for messages."""
    apart: bool = False
    """Whether what calls make without naming a device has no data: it is elsewhere then."""
    late: bool = False
    """Whether no call is followed by its backward pass before all of them have returned."""
    further: tuple[Build, ...] = ()
    """Built beside the first one before any call, and alive as long as it."""

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """All that is built, as it is to begin with."""
        return (Build(self.construct, self.weights, self.dtype), *self.further)

    @cached_property
    def held(self) -> tuple[Build, ...]:
        """What answers each call, with the weights and the dtype that it has by then."""
        now, held = list(self.builds), []
        for call in self.calls:
            build = now[call.build]
            if call.weights is not None or call.dtype is not None:
                weights = build.weights if call.weights is None else call.weights
                build = Build(build.construct, weights, call.dtype or build.dtype)
                now[call.build] = build
            held.append(build)
        return tuple(held)

    def chain(self, place: int) -> list[int]:
        """The calls that lead to one, and it: each goes on where the one before ends."""
        before = [v.call for v in self.calls[place].arguments.values() if isinstance(v, After)]
        return [*(self.chain(before[0]) if before else ()), place]

    def alone(self, place: int) -> Request:
        """The request with one call, on a layer of its own, and with those that lead to it."""
        built, chain = self.held[place], self.chain(place)
        calls = (replace(self.calls[n], build=0, weights=None, dtype=None) for n in chain)
        return replace(
            self,
            construct=built.construct,
            weights=built.weights,
            dtype=built.dtype,
            calls=tuple(_renumbered(call, n - 1) for n, call in enumerate(calls)),
            further=(),
        )

    def whole(self, place: int) -> Mapping[str, Any]:
        """The arguments that a call would have if all that leads to it came with it.

        Tensors are put together along the axis before the last.
        """
        given = [self.calls[n].arguments for n in self.chain(place)]
        if len(given) == 1:
            return given[0]
        own = {n: v for n, v in given[-1].items() if not isinstance(v, After)}
        return {
            name: torch.cat([one[name] for one in given], -2) if isinstance(v, Tensor) else v
            for name, v in own.items()
        }

    def given(self, call: Call) -> str:
        """What was built and passed, for a message."""
        return describe(self.builds[call.build].construct, call.arguments, self.axes)

    def encode(self, layout: Layout) -> Message:
        """The message for a submission that stores its weights as `layout` says."""
        return {
            "ask": "run",
            "builds": [self._encode_build(n, build, layout) for n, build in enumerate(self.builds)],
            "seed": self.seed,
            "device": self.device,
            "calls": [
                _encode_call(call, layout, self.builds[call.build].construct) for call in self.calls
            ],
            "trace": self.trace,
            "measure": self.measure,
            "apart": self.apart,
            "late": self.late,
        }

    def preparation(self, layout: Layout) -> Message:
        """The message that has the layers built and no more: of what they will be called with, it
        tells the sizes, and to lazy layers a single vector.
        """
        message = self.encode(layout)
        for build in message["builds"]:
            build["warm"] = {name: _vector(value) for name, value in build["warm"].items()}
        calls = [{"arguments": _sizes(call.arguments)} for call in self.calls]
        return message | {"ask": "prepare", "calls": calls}

    def remainder(self, layout: Layout) -> Message:
        """The message for layers that were built as `preparation` has it."""
        return self.encode(layout) | {"builds": []}

    def _encode_build(self, number: int, build: Build, layout: Layout) -> Message:
        own = (call.arguments for call in self.calls if call.build == number)
        return {
            "construct": dict(build.construct),
            "state": layout.state(build.weights, build.construct) if build.weights else {},
            "dtype": _word(build.dtype),
            "warm": dict(self.warm or next(own, {})),
        }


def _renumbered(call: Call, before: int) -> Call:
    """The call, after another one than it was."""
    arguments = {
        name: After(before) if isinstance(v, After) else v for name, v in call.arguments.items()
    }
    return replace(call, arguments=arguments)


def _encode_call(call: Call, layout: Layout, construct: Mapping[str, Any]) -> Message:
    return vars(call) | {
        "arguments": _shapes(call.arguments),
        "weights": None if call.weights is None else layout.state(call.weights, construct),
        "dtype": None if call.dtype is None else _word(call.dtype),
    }


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _shapes(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as they travel: of a tensor without data its shape, at sizes nobody could send."""
    return {
        name: _size(value) if isinstance(value, Tensor) and value.is_meta else _kept(value)
        for name, value in arguments.items()
    }


def _sizes(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Of arguments that are tensors the shapes."""
    return {n: _size(v) if isinstance(v, Tensor) else _kept(v) for n, v in arguments.items()}


def _kept(value: Any) -> Any:
    """Of what stays in the worker, whose it is: the second thing that some call returned."""
    return {"$result": [value.call, 1]} if isinstance(value, After) else value


def _size(tensor: Tensor) -> dict[str, Any]:
    return {"$shape": list(tensor.shape), "dtype": _word(tensor.dtype)}


def _vector(value: Any) -> Any:
    """Of a tensor the first vector: all that sizes depend on."""
    if not isinstance(value, Tensor):
        return value
    return value[(slice(0, 1),) * (value.dim() - 1)]


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
    words = {word: 2 for axes in entry.axes.values() for word in axes.words}
    sizes = entry.sized(words) | entry.probe
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
