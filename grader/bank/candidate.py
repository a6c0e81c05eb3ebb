"""The remote submission as a bank sees it: build it, call it, look at the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.claims import assert_sizes
from grader.bank.draw import Draw, returned
from grader.exchange.answer import Answer, Exchange, read, trace_of
from grader.exchange.layout import Layout, Projection, Weights
from grader.exchange.misfit import named_misfit
from grader.exchange.request import Build, Call, Request
from grader.kata.axes import LEAD, Axes
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
    lacks: Sequence[str] = ()
    """Optional parameters that the submission has no place for."""
    wanting: str = ""
    """Which of them a request was in need of: if its check fails, it fails for that."""
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

    def bare(self, construct: Mapping[str, Any]) -> Layer:
        """A layer that keeps the weights it was built with."""
        return Layer(self, self._complete((), construct), {})

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

    def in_turn(self, *asked: tuple[Layer, Mapping[str, Any]], **options: Any) -> list[Answer]:
        """Calls of several layers that are all built before the first of them, in this order.

        Options as those of `Layer.each`.
        """
        return _ask(self, asked, **options)

    def ask(self, request: Request) -> tuple[Answer, ...]:
        """Run a request; the submission's failure to answer is raised as its Fault."""
        wanting = self._wanting(request)
        self.wanting = self.wanting or wanting
        device = self.device if request.device == "cpu" else request.device
        request = replace(request, device=device, axes=self.kata.entry.axes)
        exchange = Exchange(request)
        self.exchanges.append(exchange)
        try:
            self.last_reply = self.run(request.encode(self.layout))
            exchange.error = self.last_reply.get("error")
            exchange.done = len(self.last_reply.get("results") or ())
            exchange.trace = trace_of(self.last_reply)
            exchange.answers = read(self.last_reply, request, self.layout, self.reference)
        except Fault as fault:
            if (exchange.error or {}).get("stage") == "call" and not fault.evidence.hung:
                unfit = named_misfit(fault.message, request, exchange.done)
                masked = self._under_a_mask(request, exchange.done)
                facts = (*fault.evidence.facts, *unfit, *masked)
                fault.evidence = replace(fault.evidence, facts=facts)
            if wanting:
                fault.evidence = replace(fault.evidence, formal=True)
            exchange.fault = fault
            raise
        return exchange.answers

    def _wanting(self, request: Request) -> str:
        """What a request gives that the submission has no place for; empty if nothing."""
        entry = self.kata.entry
        for call in request.calls if self.lacks else ():
            given = [p for p in entry.call if call.arguments.get(p.name) is not None]
            absent = next((p for p in given if p.name in self.lacks), None)
            if absent is not None:
                return f"takes no {'mask' if absent.mask else absent.name}: {entry.call_signature}"
            construct = request.builds[call.build].construct if call.mode == "train" else {}
            asked = [p for p in entry.construct if construct.get(p.name, p.value) != p.value]
            absent = next((p for p in asked if p.name in self.lacks), None)
            if absent is not None:
                what = "a rate of dropout" if absent.means == "dropout" else absent.name
                return f"built without {what}: {entry.signature}"
        return ""

    def _under_a_mask(self, request: Request, done: int) -> tuple[str, ...]:
        """Which of the promised masks the call behind those done was given, if it was given one."""
        mask = self.kata.entry.mask
        given = request.calls[done].arguments if done < len(request.calls) else {}
        value = given.get(mask.name) if mask is not None else None
        if mask is None or not isinstance(value, Tensor):
            return ()
        axes = Axes.parse(mask.axes)
        words = ([LEAD] * value.dim() + list(axes.words))[-value.dim() :] if value.dim() else []
        named = ["1" if n == 1 else w for n, w in zip(value.shape, words, strict=True)]
        said = f"it was given a mask of shape {tuple(value.shape)} = ({', '.join(named)})"
        whole, last = (", ".join(w) for w in ((*axes.lead * (LEAD,), *axes.words), axes.words[-2:]))
        if axes.lead:
            return (f"{said}: masks broadcast to ({whole})",)
        if len(axes.words) < 3:
            return (said,)
        scores = "the scores " * (mask.axes == self.kata.entry.scores)
        return (
            f"{said}: masks broadcast to {scores}({whole}) with as many axes as they have, "
            f"or are ({last})",
        )


@dataclass
class Layer:
    """A built layer (or a function, which needs no building) and the weights it was given."""

    candidate: Candidate
    construct: Mapping[str, Any]
    weights: dict[str, Projection]
    dtype: torch.dtype = torch.float32
    instance: object = field(default_factory=object, repr=False)
    """Layers with the same one are a single layer at several times: trained on, or moved."""

    @property
    def kata(self) -> Kata:
        """Whose layer it is."""
        return self.candidate.kata

    def __call__(self, *values: Any, **options: Any) -> Answer:
        """One call in eval mode; arguments in the kata's order, None meaning an explicit None."""
        return self.each(self.arguments(*values), **options)[0]

    def arguments(self, *values: Any) -> dict[str, Any]:
        """Positional values under the kata's argument names."""
        names = [p.name for p in self.kata.entry.call]
        return dict(zip(names, values, strict=False))

    def each(
        self,
        *calls: Mapping[str, Any],
        train: bool | Sequence[bool] = False,
        seeds: Sequence[int | None] | None = None,
        cotangents: Sequence[Tensor | None] | None = None,
        frozen: bool = False,
        keep_inputs: bool = False,
        device: str = "cpu",
        apart: bool = False,
        trace: bool = False,
        late: bool = False,
        again: bool = False,
    ) -> list[Answer]:
        """Several calls on one and the same instance."""
        return _ask(
            self.candidate,
            [(self, call) for call in calls],
            train=train,
            seeds=seeds,
            cotangents=cotangents,
            frozen=frozen,
            keep_inputs=keep_inputs,
            device=device,
            apart=apart,
            trace=trace,
            late=late,
            again=again,
        )

    def returned(self, call: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape that a call has to return, by the axes that the kata declares."""
        return returned(self.kata.entry, self.construct, call)

    def backward(self, *values: Any, cotangent: Tensor, train: bool = False) -> Answer:
        """One call with the gradients of every floating input and every parameter."""
        return self.each(self.arguments(*values), cotangents=[cotangent], train=train)[0]

    def choose(self, role: str, weight: Tensor) -> None:
        """Give a role this weight and, where it has a bias, zeros for it."""
        bias = self.weights[role].bias
        self.weights[role] = Projection(weight, None if bias is None else torch.zeros_like(bias))

    def bias(self, role: str) -> Tensor:
        """A role's bias, or the zeros that having none amounts to."""
        weight, bias = self.weights[role].weight, self.weights[role].bias
        return weight.new_zeros(len(weight)) if bias is None else bias

    def to(self, dtype: torch.dtype) -> Layer:
        """The same layer in another dtype (its weights are rounded to it when it is called)."""
        return replace(self, dtype=dtype, weights=dict(self.weights))

    def stepped(self) -> Layer:
        """The same layer after a step of training: with other weights than before."""
        drawn = self.candidate.draw.weights(
            {role: (len(p.weight), p.weight.size(1)) for role, p in self.weights.items()},
            [role for role, p in self.weights.items() if p.bias is not None],
        )
        return replace(self, weights=drawn)

    def rounded(self) -> dict[str, Projection]:
        """Its weights in its dtype."""
        return {
            role: Projection(
                p.weight.to(self.dtype), None if p.bias is None else p.bias.to(self.dtype)
            )
            for role, p in self.weights.items()
        }


def _ask(
    candidate: Candidate,
    asked: Sequence[tuple[Layer, Mapping[str, Any]]],
    *,
    train: bool | Sequence[bool] = False,
    seeds: Sequence[int | None] | None = None,
    cotangents: Sequence[Tensor | None] | None = None,
    frozen: bool = False,
    keep_inputs: bool = False,
    device: str = "cpu",
    apart: bool = False,
    trace: bool = False,
    late: bool = False,
    again: bool = False,
) -> list[Answer]:
    """One request: every instance is built as its first call has it, and changes as they say."""
    modes = [train] * len(asked) if isinstance(train, bool) else list(train)
    followed = [p.name for p in candidate.kata.entry.call if p.axes and not p.mask]
    numbers: dict[object, int] = {}
    now: dict[object, Layer] = {}
    builds: list[Build] = []
    calls = []
    for place, (layer, arguments) in enumerate(asked):
        before = now.get(layer.instance)
        if before is None:
            numbers[layer.instance] = len(builds)
            builds.append(Build(layer.construct, layer.rounded(), layer.dtype))
        now[layer.instance] = layer
        first = modes[place] and not any(modes[:place])
        calls.append(
            Call(
                arguments,
                "train" if modes[place] else "eval",
                (0 if first else None) if seeds is None else seeds[place],
                None if cotangents is None else cotangents[place],
                () if frozen else followed,
                keep_inputs,
                numbers[layer.instance],
                *_changes(before, layer),
                again,
            )
        )
    request = Request(
        builds[0].construct,
        builds[0].weights,
        tuple(calls),
        dtype=builds[0].dtype,
        device=device,
        apart=apart,
        trace=trace,
        late=late,
        further=tuple(builds[1:]),
    )
    answers = list(candidate.ask(request))
    for answer in answers:  # what a bank computes with an answer may rely on its shape
        expected = returned(candidate.kata.entry, answer.build.construct, answer.call.arguments)
        assert_sizes(answer, expected)
    return answers


def _changes(before: Layer | None, after: Layer) -> tuple[Weights | None, torch.dtype | None]:
    """What a layer has to be given, and moved to, since the call before."""
    if before is None:
        return None, None
    moved = after.dtype is not before.dtype
    changed = moved or after.weights is not before.weights
    return after.rounded() if changed else None, after.dtype if moved else None
