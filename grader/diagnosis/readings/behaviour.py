"""What shows in plain answers: precision, memory between calls, arguments, masks, length."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.diagnosis.readings.reading import Reading, Seen

HALF = 2e-2
"""Relative: what half precision loses at most, over a few operations."""
SINGLE = 1e-4
"""Relative: what single precision never loses on these inputs."""
PLAIN = ("one token", "even weights", "no mask", "other sizes")
KEPT = ("call after call", "float mask afterwards", "whole mask afterwards")
"""Probes whose arguments are sent back."""


def precision(seen: Seen) -> Reading | None:
    """How exact the answers are, relative to the largest: 1e-7 in single precision is true.

    Asked: calls without a mask. Not readable: where answers differ by more than half precision
    loses, or there is none.
    """
    errors = []
    for probe in PLAIN:
        both = seen.both(probe)
        if both is None:
            continue
        ours, true = (answer.output.double() for answer in both)
        if ours.shape != true.shape or not bool(torch.isfinite(ours).all()):
            return None
        errors.append(float((ours - true).abs().max() / true.abs().max().clamp(min=1e-9)))
    if not errors or max(errors) > HALF:
        return None
    if min(errors) < SINGLE:
        return Reading("precision") if max(errors) < SINGLE else None
    words = f"answers are off by {max(errors):.1g} of their size: half precision inside"
    return Reading("precision", "half-precision-inside", "", words)


def inputs(seen: Seen) -> Reading | None:
    """Which arguments a call changed in place; true: none.

    Asked: calls whose arguments are sent back afterwards. Not readable: without an answer.
    """
    asked = [seen.exchanges[probe] for probe in KEPT if probe in seen.exchanges]
    answers = [answer for exchange in asked for answer in exchange.answers]
    for answer in answers:
        for name, after in answer.inputs.items():
            before = answer.call.arguments.get(name)
            if isinstance(before, Tensor) and not _same(before, after):
                return Reading("inputs", "inputs-mutated", "", f"`{name}` is changed in place")
    return Reading("inputs") if answers else None


def state(seen: Seen) -> Reading | None:
    """Whether the same call gives the same answer after another one in between; true: it does.

    Asked: a call, another, the first again, and twice more after the same random seed, with copies.
    Not readable: without an answer.
    """
    exchange = seen.exchanges.get("call after call")
    if exchange is None or len(exchange.answers) < 3:
        return None
    first, again = exchange.answers[0].output, exchange.answers[2].output
    if _close(first, again):
        return Reading("state")
    seeded = [answer.output for answer in exchange.answers if answer.call.seed is not None]
    if len(seeded) == 2 and _close(*seeded):
        words = "the same call answers otherwise each time, but for the same random seed"
        return Reading("state", "random-answers", "", words)
    return Reading("state", "state-kept", "", "the same call answers otherwise after another one")


def length(seen: Seen) -> Reading | None:
    """Whether a sequence of 1260 tokens is answered, where a short one is; true: it is.

    Asked: a long sequence with even weights. Not readable: where a short one already fails.
    """
    if seen.faulted("even weights") or "a long sequence" not in seen.exchanges:
        return None
    if seen.faulted("a long sequence"):
        return Reading("length", "maximum-length", "", "a sequence of 1260 tokens fails")
    both = seen.both("a long sequence")
    if both is not None and both[0].output.shape != both[1].output.shape:
        words = f"for 1260 tokens what comes back is {tuple(both[0].output.shape)}"
        return Reading("length", "maximum-length", "", words)
    return Reading("length")


def masks(seen: Seen) -> Reading | None:
    """Which masks fail where a call without one is answered; true: none.

    Asked: boolean masks of several shapes, and masks of numbers. Unit: the kinds that fail. Not
    readable: where calls without a mask fail too.
    """
    if seen.faulted("no mask") or "mask for all" not in seen.exchanges:
        return None
    shapes = [p for p in ("mask for all", "mask for each", "padding") if p in seen.exchanges]
    kinds = [p for p in ("mask of floats", "mask of whole numbers") if p in seen.exchanges]
    failed = [p for p in shapes if seen.faulted(p)]
    numbers = [p for p in kinds if seen.faulted(p)]
    if not failed and not numbers:
        return Reading("mask")
    if not failed:
        return Reading("mask", "mask-must-be-bool", "", f"a {numbers[0]} fails")
    if "mask for each" not in failed and len(numbers) == len(kinds):
        return None
    words = "masks fail in these shapes: " + ", ".join(_shape(seen, p) for p in failed)
    return Reading("mask", "mask-rank-assumed", "", words)


def training(seen: Seen) -> Reading | None:
    """Whether a layer without a rate of dropout answers in training as in eval mode; true: it does.

    Asked: one call in either mode. Unit: the share of the answer that is 0 in training. Not
    readable: without an answer.
    """
    both = [seen.both(probe) for probe in ("in eval mode", "in training")]
    answers = [pair[0].output for pair in both if pair is not None]
    if len(answers) < 2:
        return None
    if _close(*answers):
        return Reading("dropout")
    share = float((answers[1] == 0).double().mean())
    words = f"in training the same call answers otherwise; {share:.0%} of the answer is 0"
    return Reading("dropout", "dropout-uninvited", "", words)


READ = (precision, inputs, state, length, masks)
"""What is read of any submission."""


def _shape(seen: Seen, probe: str) -> str:
    arguments = seen.exchanges[probe].request.calls[0].arguments
    found = [v for v in arguments.values() if isinstance(v, Tensor) and not v.is_floating_point()]
    return str(tuple(found[-1].shape)) if found else probe


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5, equal_nan=True)
