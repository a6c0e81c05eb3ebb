"""A mutant beside a submission: whether it behaves just so, request by request."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.exchange.answer import Answer, Exchange, read, trace_of
from grader.exchange.layout import Layout
from grader.exchange.local import load_variant
from grader.exchange.matching import Unmatched
from grader.exchange.misfit import misfit
from grader.exchange.request import Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault
from grader.worker.wire import Message, pack

SAME = 2e-5
"""Of an answer's scale: two computations of one function in float32 are this close."""


@dataclass(frozen=True)
class Case:
    """One failing check: its requests with what came of them, and the submission's weights."""

    exchanges: tuple[Exchange, ...]
    shapes: list[tuple[int, ...]]
    check: str = ""
    """The check's name."""


def cost(case: Case) -> int:
    """Elements to compute with: small requests tell suspects apart just as well."""
    return sum(
        value.numel()
        for exchange in case.exchanges
        for call in exchange.request.calls
        for value in call.arguments.values()
        if isinstance(value, Tensor)
    )


def sample(kata: Kata, case: Case, right: Callable[[Request], Sequence[Answer]]) -> Case | None:
    """A case of one call, on a layer of its own: the first not answered as by the solution.

    Or the first of all, where that one raises. None where no wrong call can be asked alone: later
    ones that raise, in training, or on `meta`; and where there is a rate of dropout, since what is
    drawn then depends on the calls before.
    """
    rate = kata.entry.meaning("dropout")
    for exchange in case.exchanges:
        request = exchange.request
        if (exchange.error or {}).get("stage") == "call" and not exchange.done:
            alone_too = replace(exchange, request=request.alone(0))
            return Case((alone_too,), case.shapes)
        alone = exchange.fault is None and not request.trace and request.device != "meta"
        for place, theirs in enumerate(exchange.answers if alone else ()):
            call, built = request.calls[place], request.held[place]
            if call.mode != "eval" or built.construct.get(rate or ""):
                continue
            single = request.alone(place)
            if not _answered_so(right, single, theirs):
                before = (exchange.answers[n] for n in request.chain(place))
                answers = (replace(a, request=single, place=n) for n, a in enumerate(before))
                return Case((Exchange(single, tuple(answers)),), case.shapes)
    return None


def _answered_so(
    right: Callable[[Request], Sequence[Answer]], single: Request, theirs: Answer
) -> bool:
    """Whether the solution answers alike; what it refuses it does not answer at all."""
    try:
        return _same_answer(right(single)[-1], theirs)
    except Fault:
        return False


@dataclass
class Suspect:
    """A mutant that is compared with the submission, request by request."""

    kata: Kata
    text: str
    layout: Layout
    """The solution's, which most mutants share."""
    frames: dict[int, bytes]
    """Requests packed for that layout: packing costs as much as running."""

    def __post_init__(self) -> None:
        self.variant = load_variant(self.kata, self.text, self.layout)

    def explains(self, case: Case) -> int | None:
        """None where it behaves otherwise; else how many crashes it gives word for word."""
        if not case.exchanges:
            return 0 if sorted(shape for _, shape in self._layout().found) == case.shapes else None
        exact = 0
        for exchange in case.exchanges:
            words = self._same(exchange)
            if words is None:
                return None
            exact += words
        return exact

    def _layout(self) -> Layout:
        """Its own layout, learnt once it may differ from the solution's."""
        if self.variant.layout is self.layout:
            with contextlib.suppress(Fault, Unmatched):
                self.variant = load_variant(self.kata, self.text)
        return self.variant.layout

    def _same(self, exchange: Exchange) -> int | None:
        try:
            answers = self._answers(exchange)
        except Fault as fault:
            if exchange.fault is None or not alike(fault, exchange.fault):
                return None
            return int(fault.message == exchange.fault.message)
        if exchange.fault is not None or len(answers) != len(exchange.answers):
            return None
        if not _same_trace(trace_of(self.variant.last_reply), exchange.trace):
            return None
        pairs_of = zip(answers, exchange.answers, strict=True)
        return 0 if all(_same_answer(ours, theirs) for ours, theirs in pairs_of) else None

    def _answers(self, exchange: Exchange) -> tuple[Answer, ...]:
        request = exchange.request
        if self.variant.layout is not self.layout:
            return self.variant.answers(request)
        if exchange.fault is None and not request.trace and not request.measure:
            with contextlib.suppress(Fault):  # nothing to be recorded: answers are all there is
                return self.variant.directly(request)
        frame = self.frames.setdefault(id(request), b"") or pack(request.encode(self.layout))
        self.frames[id(request)] = frame
        reply = self.variant.run_frame(frame)
        if (reply.get("error") or {}).get("stage") == "construct" and self.kata.roles:
            # Perhaps it is only that its parameters are not those of the solution.
            self._layout()
            return self.variant.answers(request)
        return read(reply, request, self.layout)


def distance(
    ours: Callable[[Request], tuple[Answer, ...]], exchange: Exchange, *, lenient: bool = False
) -> float:
    """How far a variant's answers are from the submission's: 0 the same, infinite where no kin.

    A fault is the same as one that is alike, or `lenient`, as any other.
    """
    theirs = exchange.fault
    try:
        answers = ours(exchange.request)
    except Fault as fault:
        same = theirs is not None and (lenient or alike(fault, theirs))
        return 0.0 if same else math.inf
    if theirs is not None or len(answers) != len(exchange.answers):
        return math.inf
    both = list(zip(answers, exchange.answers, strict=True))
    if all(_same_answer(one, other) for one, other in both):
        return 0.0
    return max(_apart(one, other) for one, other in both)


def _same_answer(ours: Answer, theirs: Answer) -> bool:
    if not _close(ours.output, theirs.output):
        return False
    if theirs.call.cotangent is not None and not _gradients_close(ours.gradients, theirs.gradients):
        return False
    return all(torch.equal(ours.inputs[n], t) for n, t in theirs.inputs.items() if n in ours.inputs)


def _apart(ours: Answer, theirs: Answer) -> float:
    """The difference of two answers and their gradients, as a share of them; never 0."""
    if ours.output.is_meta or theirs.output.is_meta:
        return math.inf
    off = _off(ours.output, theirs.output)
    for name, gradient in theirs.gradients.items():
        off += _off(ours.gradients[name], gradient) if name in ours.gradients else 10.0
    return max(off, 1e-12)


def _off(ours: Tensor, theirs: Tensor) -> float:
    if ours.shape != theirs.shape:
        return math.inf
    apart, scale = (ours.double() - theirs.double()).abs(), theirs.double().abs()
    if bool(torch.isfinite(apart.sum())):
        return float(apart.mean() / scale.max().clamp(min=1e-30)) if apart.numel() else 0.0
    finite = torch.isfinite(apart)
    if not bool(finite.any()):
        return 10.0
    share = float((torch.isfinite(ours) != torch.isfinite(theirs)).double().mean())
    return float(apart[finite].mean()) / (float(scale[finite].max()) or 1.0) + 10.0 * share


def _same_trace(ours: Sequence[Message], theirs: Sequence[Message]) -> bool:
    """The same kinds of use of the parameters: how many products, with whole weights or parts."""

    def uses(trace: Sequence[Message]) -> list[tuple[bool, bool]]:
        operands = [o for t in trace if t["product"] for o in t["operands"]]
        return sorted((o["dim"] > 1, o["whole"]) for o in operands)

    return uses(ours) == uses(theirs)


def alike(one: Fault, other: Fault) -> bool:
    """The same failure: verdict and words, whatever names, numbers and shapes are in them.

    Only sizes that do not fit each other have to be the same: which they are tells the operation.
    """
    return one.verdict is other.verdict and _pattern(one) == _pattern(other)


def _pattern(fault: Fault) -> tuple[str, tuple[int, ...]]:
    words = re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"", "…", fault.message)
    shapeless = re.sub(r"\[[\d, ]*\]|\([\d, ]*\)", "…", words)
    return re.sub(r"\d+", "#", shapeless), misfit(words)


def _close(ours: Tensor, theirs: Tensor) -> bool:
    if ours.shape != theirs.shape or ours.dtype is not theirs.dtype:
        return False
    if ours.device.type == "meta" or theirs.device.type == "meta":
        return True
    one, other = ours.double(), theirs.double()
    largest = other.abs().max() if other.numel() else other.sum()
    if not bool(torch.isfinite(largest)):
        finite = other[torch.isfinite(other)]
        largest = finite.abs().max() if finite.numel() else torch.ones(())
    ulps = 8 * torch.finfo(ours.dtype).eps if ours.is_floating_point() else 0.0
    near = max(SAME, ulps) * float(largest)
    return torch.allclose(one, other, rtol=0, atol=near, equal_nan=True)


def _gradients_close(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> bool:
    """Gradients agree where both have them; one that is missing is missing or zero in the other.

    Biases the submission does not have are zero in the variant, and their gradients no matter.
    """
    scale = max((float(t.abs().nan_to_num().max()) for t in theirs.values()), default=1.0)
    for name, gradient in theirs.items():
        mine = ours.get(name)
        if mine is None or mine.shape != gradient.shape:
            return False
        if not torch.allclose(mine, gradient, rtol=0, atol=10 * SAME * scale, equal_nan=True):
            return False
    missing = set(ours) - set(theirs)
    return all(name.endswith(" bias") or not bool(ours[name].any()) for name in missing)
