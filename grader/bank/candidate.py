"""The remote submission as a bank sees it: build it, call it, look at the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import Answer, Exchange, read, trace_of
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault
from grader.worker.wire import Message

Runner = Callable[[Message], Message]
"""Runs an encoded request somewhere and returns the reply; raises Fault when there is none."""


@dataclass
class Candidate:
    """The submission as one check sees it. Calling it builds a layer, or calls the function."""

    kata: Kata
    layout: Layout
    run: Runner
    draw: Draw
    device: str = "cpu"
    reference: Callable[[Request], Sequence[Answer]] | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    last_reply: Message = field(default_factory=dict)

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Functions are called and return an Answer; modules are built and return a Layer."""
        if not self.kata.entry.is_module:
            return Layer(self, {}, {})(*values, **named)
        return self.build(*values, **named)

    def build(self, *values: Any, **named: Any) -> Layer:
        """A layer with the judge's own random weights, biased where the submission has biases."""
        construct = self._complete(values, named)
        shapes = self.kata.shapes(construct)
        own = [role for role in shapes if self.layout.biased(role)]
        return Layer(self, construct, self.draw.weights(shapes, own))

    def each(
        self, *calls: Mapping[str, Any], dtype: torch.dtype = torch.float32, **options: Any
    ) -> list[Answer]:
        """Several calls of a function kata in one request."""
        return Layer(self, {}, {}, dtype).each(*calls, **options)

    def _complete(self, values: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        construct = {p.name: v for p, v in zip(self.kata.entry.construct, values, strict=False)}
        construct |= named
        for parameter in self.kata.entry.construct:
            if not parameter.required and parameter.name not in construct:
                construct[parameter.name] = parameter.value
        return construct

    def ask(self, request: Request) -> tuple[Answer, ...]:
        """Run a request; the submission's failure to answer is raised as its Fault."""
        device = self.device if request.device == "cpu" else request.device
        request = replace(request, device=device, axes=self.kata.entry.axes)
        exchange = Exchange(request)
        self.exchanges.append(exchange)
        try:
            self.last_reply = self.run(request.encode(self.layout))
            exchange.error = self.last_reply.get("error")
            exchange.trace = trace_of(self.last_reply)
            exchange.answers = read(self.last_reply, request, self.layout, self.reference)
        except Fault as fault:
            exchange.fault = fault
            raise
        return exchange.answers


@dataclass
class Layer:
    """A built layer (or a function, which needs no building) and the weights it was given."""

    candidate: Candidate
    construct: Mapping[str, Any]
    weights: dict[str, Projection]
    dtype: torch.dtype = torch.float32

    def __call__(self, *values: Any, **options: Any) -> Answer:
        """One call in eval mode; arguments in the kata's order, None meaning an explicit None."""
        return self.each(self.arguments(*values), **options)[0]

    def arguments(self, *values: Any) -> dict[str, Any]:
        """Positional values under the kata's argument names."""
        names = [p.name for p in self.candidate.kata.entry.call]
        return dict(zip(names, values, strict=False))

    def each(
        self,
        *calls: Mapping[str, Any],
        train: bool = False,
        seeds: Sequence[int | None] | None = None,
        cotangents: Sequence[Tensor] | None = None,
        keep_inputs: bool = False,
        device: str = "cpu",
        trace: bool = False,
    ) -> list[Answer]:
        """Several calls on one and the same instance."""
        mode = "train" if train else "eval"
        built = tuple(
            Call(
                arguments,
                mode,
                seeds[i] if seeds is not None else (0 if train and i == 0 else None),
                cotangents[i] if cotangents is not None else None,
                keep_inputs,
            )
            for i, arguments in enumerate(calls)
        )
        weights = {
            role: Projection(
                p.weight.to(self.dtype), None if p.bias is None else p.bias.to(self.dtype)
            )
            for role, p in self.weights.items()
        }
        request = Request(
            self.construct, weights, built, dtype=self.dtype, device=device, trace=trace
        )
        return list(self.candidate.ask(request))

    def backward(self, *values: Any, cotangent: Tensor, train: bool = False) -> Answer:
        """One call with the gradients of every floating input and every parameter."""
        return self.each(self.arguments(*values), cotangents=[cotangent], train=train)[0]

    def to(self, dtype: torch.dtype) -> Layer:
        """The same layer in another dtype (its weights are rounded to it when it is called)."""
        return replace(self, dtype=dtype)
