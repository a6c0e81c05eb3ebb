"""Learn where a submission keeps its weights: by names and shapes, and where they leave it open by
its answers.

The judge writes weights by role, in every reading there is, and asks for the answer to the same two
inputs each time. The reading under which the layer gives the truth is the layer's own. Where none
does, the layer is wrong, and its mistake is named in the usual reading, or in one clearly nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.exchange.answer import Answer, assert_nothing_banned, disbelieving, fault_of, read
from grader.exchange.fitting import Kind
from grader.exchange.layout import IN_OUT, OUT_IN, Layout, Projection, Weights
from grader.exchange.matching import Readings, Unmatched, readings
from grader.exchange.request import Call, Request, probe_request
from grader.kata.kata import Kata
from grader.report.verdict import Fault
from grader.worker.wire import Message

SAME = 1e-4
"""Of the truth's scale: two computations of one function in float32 are nearer than this."""
CLEARLY = 0.5
"""Of the usual reading's error: so much nearer another one is believed where none is right."""
LEAST = (3, 2)
"""The smallest size in either of the two inputs that decide; all sizes of one differ."""

WAYS: dict[tuple[str, ...], str] = {IN_OUT: "(in, out)", OUT_IN: "(out, in)"}

Run = Callable[[Message], Message]
Truth = Callable[[Request], Sequence[Answer]]


def learn_layout(kata: Kata, run: Run, truth: Truth | None = None) -> Layout:
    """Build a submission once, for its parameters' names and shapes, and match them to roles.

    `truth`: the solution's answers, for where names leave several readings; without it the most
    usual is taken. Raises Fault where it cannot be built, Unmatched where some role has no weight.
    """
    if not kata.roles:
        return Layout()
    request = probe_request(kata)
    reply = run({**request.encode(Layout()), "inspect": True})
    with disbelieving():
        if reply.get("error"):
            raise fault_of(reply["error"], request)
        state = [(str(p["name"]), tuple(map(int, p["shape"]))) for p in reply["state"]]
        linear = [str(p["name"]) for p in reply["state"] if p["linear"] is True]
    try:
        found = readings(state, kind_of(kata), linear)
    except Unmatched:
        with disbelieving():
            assert_nothing_banned(reply)
        raise
    if truth is None or (len(found.layouts) == 1 and not found.vectors):
        return found.layouts[0]
    return Trial(kata, run, truth, found).layout()


def kind_of(kata: Kata) -> Kind:
    """What the weights of a kata's probe construction are."""
    probe = kata.entry.probe
    name = kata.entry.meaning("heads") or ""
    own = {role: kind.names for role, kind in kata.roles.items() if kind.names}
    return Kind(kata.shapes(probe), kata.fused, kata.heads(probe), name, own, kata.columns)


@dataclass(frozen=True)
class Trial:
    """The readings of one submission, before its answers."""

    kata: Kata
    run: Run
    truth: Truth
    readings: Readings

    def layout(self) -> Layout:
        """The reading under which the layer is right; failing that, the one that comes nearest."""
        layouts = self.readings.layouts
        try:
            best, error = self._nearest(layouts, biased=False)
            if error <= SAME and self.readings.vectors:
                # Weights are settled; whose bias is whose, the same way, and none is one way too.
                biases = self.readings.with_biases(best)
                with_bias, off = self._nearest(biases, biased=True) if biases else (best, math.inf)
                best = with_bias if off <= SAME else best
            elif error > SAME:
                best = self._called_biases(best)
        except Fault:  # it cannot be called: the checks will say so
            return self._called_biases(layouts[0])
        if len(layouts) == 1 and best == layouts[0]:
            return best
        return replace(best, notes=self._notes(best, agrees=error <= SAME))

    def _called_biases(self, layout: Layout) -> Layout:
        """Where answers decide nothing, what is called a bias is one of the first that it fits."""
        return next(iter(self.readings.with_biases(layout, called=True)), layout)

    def _nearest(self, layouts: Sequence[Layout], *, biased: bool) -> tuple[Layout, float]:
        """The first layout that agrees, else the usual or a clearly nearer one; and how far off."""
        request = self._request(layouts[0], biased=biased)
        right = [answer.output.double() for answer in self.truth(request)]
        asked = replace(request, calls=request.calls * len(layouts))
        message = asked.encode(layouts[0])
        for number, call in enumerate(message["calls"]):
            layout = layouts[number // len(right)]
            call["weights"] = self._state(layout, request)
        answers = [answer.output.double() for answer in read(self.run(message), asked, layouts[0])]
        errors = [
            max(_error(got, want) for got, want in zip(answers[n:], right, strict=False))
            for n in range(0, len(answers), len(right))
        ]
        for layout, error in zip(layouts, errors, strict=True):
            if error <= SAME:
                return layout, error
        nearest = min(range(len(layouts)), key=errors.__getitem__)
        # All are wrong, and the one that is least so may be that by chance.
        chosen = nearest if errors[nearest] <= CLEARLY * errors[0] else 0
        return layouts[chosen], errors[chosen]

    def _state(self, layout: Layout, request: Request) -> dict[str, Tensor]:
        """Values for a layout; what may yet prove to be a bias is zero."""
        used = {slot.name for slot in layout.slots}
        zeros = {n: torch.zeros(s) for n, s in self.readings.vectors if n not in used}
        return zeros | layout.state(request.weights, request.construct)

    def _request(self, layout: Layout, *, biased: bool) -> Request:
        """Two calls in eval mode without any option, with weights that no role shares."""
        chance = torch.Generator().manual_seed(len(self.readings.layouts))
        weights = _drawn(self.kata, layout if biased else None, chance)
        return replace(plain_calls(self.kata, chance), weights=weights)

    def _notes(self, layout: Layout, *, agrees: bool) -> tuple[str, ...]:
        """How the weights were read, in one line."""
        weights = [slot for slot in layout.slots if not slot.bias]
        ways = {WAYS[slot.spelled] for slot in weights if slot.spelled in WAYS}
        each = [f"`{slot.name}` {' + '.join(slot.roles)}" for slot in weights]
        if len(ways) > 1:
            each = [
                f"{said} {WAYS.get(s.spelled, '')}" for said, s in zip(each, weights, strict=True)
            ]
        common = f", all {ways.pop()}" if len(ways) == 1 else ""
        how = "by its answers" if agrees else "though no reading gives the truth"
        return (f"weights are read {how}: {', '.join(each)}{common}",)


def plain_calls(kata: Kata, chance: torch.Generator) -> Request:
    """Calls of the probe construction in eval mode without any option, at two sizes."""
    entry = kata.entry
    words = sorted({word for axes in entry.axes.values() for word in axes.words})
    calls = []
    for least in LEAST:
        sizes = entry.sized({w: least + n for n, w in enumerate(words)}) | entry.probe
        arguments = {
            p.name: torch.randn(entry.axes[p.name].shape(sizes), generator=chance)
            if p.axes
            else p.sample
            for p in entry.call
            if p.required
        }
        calls.append(Call(arguments))
    return Request(entry.probe, {}, tuple(calls), axes=entry.axes)


def raise_what_is_missing(kata: Kata, run: Run) -> None:
    """Call a submission once, and raise the Fault of a package that it uses and is not there."""
    request = plain_calls(kata, torch.Generator().manual_seed(0))
    reply = run(request.encode(Layout()))
    with disbelieving():
        if reply.get("error") and reply["error"].get("missing"):
            raise fault_of(reply["error"], request)


def _drawn(kata: Kata, layout: Layout | None, chance: torch.Generator) -> Weights:
    """Random weights by role, with biases where a layout has them."""
    drawn = {}
    for role, (out, width) in kata.shapes(kata.entry.probe).items():
        weight = torch.randn(out, width, generator=chance) * (1.3 / math.sqrt(width))
        bias = torch.randn(out, generator=chance) * 0.5
        biased = layout is not None and layout.biased(role)
        drawn[role] = Projection(weight, bias if biased else None)
    return drawn


def _error(got: Tensor, want: Tensor) -> float:
    """The largest error as a part of the truth's scale; infinite where it has no meaning."""
    if got.shape != want.shape or not bool(torch.isfinite(got).all()):
        return math.inf
    return float((got - want).abs().max() / want.abs().max().clamp(min=1e-6))
