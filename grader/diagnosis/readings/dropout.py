"""What is dropped, where, how much, and what becomes of the rest: read off many copies of one call.

Asked are a batch of copies of one sequence, through a layer whose value projection reads one-hot
positions twice, so that each attention weight comes out twice: in eval mode at rate 0 (what there
is to drop), in eval mode at a rate, and in training at two rates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.diagnosis.readings.reading import Reading
from grader.diagnosis.xray import KEYS, prepare
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault

COPIES = 48
RATES = (0.5, 0.2)
LEGIBLE = 0.02
"""Smaller weights are left out of count."""
ZERO = 1e-5
STRAY = 0.06
"""So far may a share stray by chance, at thousands of draws."""
ASPECT = "dropout"


@dataclass(frozen=True)
class Passes:
    """Weights (copies, queries, heads, 2, keys): without dropout, in eval, and in training."""

    plain: Tensor
    eval: Tensor
    train: Tensor
    second: Tensor
    """In training, at the other rate."""


def passes(
    kata: Kata, layout: Layout, ask: Callable[[Request], tuple[Answer, ...]], draw: Draw
) -> Passes | None:
    """The passes of a layer; None where it has no dropout, or its weights cannot be seen."""
    rate = kata.entry.meaning("dropout")
    made = prepare(kata, layout, draw, width=2 * KEYS)
    if rate is None or made is None or not kata.entry.is_module:
        return None
    request = _doubled(made.request)
    seen = []
    for p, mode in ((0.0, "eval"), (RATES[0], "eval"), (RATES[0], "train"), (RATES[1], "train")):
        call = replace(request.calls[0], mode=mode, seed=0)
        construct = {**request.construct, rate: p}
        try:
            output = ask(replace(request, construct=construct, calls=(call,)))[0].output
        except Fault:
            return None
        if output.dim() != 3 or output.size(-1) % (2 * KEYS):
            return None
        seen.append(output.reshape(*output.shape[:-1], -1, 2, KEYS).double())
    return Passes(*seen)


def _doubled(request: Request) -> Request:
    """The X-ray's layer with each weight twice, on many copies of its sequence."""
    value = request.weights["value"]
    weight = value.weight.clone().reshape(-1, 2 * KEYS, value.weight.size(-1))
    weight[:, KEYS:] = weight[:, :KEYS]
    weights = {**request.weights, "value": Projection(weight.flatten(0, 1), value.bias)}
    arguments = {
        name: x.expand(COPIES, *x.shape[1:]).contiguous() if isinstance(x, Tensor) else x
        for name, x in request.calls[0].arguments.items()
    }
    return replace(request, weights=weights, calls=(Call(arguments),))


def dropout(seen: Passes) -> Reading | None:
    """Where dropout acts and at which rate; true: on each weight alone, in training, rescaled.

    Unit: the share that is 0 and what the rest is multiplied with. Not readable: where what comes
    out at rate 0 are no weights.
    """
    plain, train = seen.plain, seen.train
    legible = plain.abs() > LEGIBLE
    if not bool(torch.isfinite(plain).all()) or not bool(legible.any()):
        return None
    if not torch.allclose(seen.eval, plain, atol=1e-4):
        return _reading("dropout-in-eval", "in eval mode two copies come out differently")
    if torch.allclose(train, plain, atol=1e-4):
        return _reading("no-dropout", "in training nothing is dropped at a rate of 0.5")
    if not _are_weights(plain):
        return None
    return _where(seen, legible) or _how_much(seen, legible)


def _are_weights(plain: Tensor) -> bool:
    """Whether both copies agree, and something is shared out among keys or queries."""
    one, other = plain[:, :, :, 0], plain[:, :, :, 1]
    sums = (one.sum(-1), one.sum(1))
    return torch.allclose(one, other, atol=1e-4) and any(
        torch.allclose(total, torch.ones_like(total), atol=1e-3) for total in sums
    )


def _reading(value: str, words: str) -> Reading:
    return Reading(ASPECT, value, "", words)


def _where(seen: Passes, legible: Tensor) -> Reading | None:
    """What else than single weights is dropped; None where it is they."""
    gone = seen.train.abs() < ZERO
    share = _share(gone, legible)
    sums = torch.allclose(seen.train.sum(-1), seen.plain.sum(-1), atol=1e-3)
    if share < STRAY / 2 and sums:
        return _reading("dropout-on-scores", "in training weights are changed, and none is 0")
    both = legible[:, :, :, 0]
    apart = float((gone[:, :, :, 0] != gone[:, :, :, 1])[both].double().mean())
    if apart > STRAY:
        return _elsewhere(gone, legible, share)
    if _shared(gone[:, :, :, 0], both):
        return _reading("dropout-shared", "weights are dropped together, not one by one")
    return None


def _how_much(seen: Passes, legible: Tensor) -> Reading:
    """The share of weights that are dropped, and what becomes of the others."""
    gone = seen.train.abs() < ZERO
    share, second = _share(gone, legible), _share(seen.second.abs() < ZERO, legible)
    words = f"{share:.0%} of the weights are 0 at a rate of 50%, and {second:.0%} at 20%"
    if abs(second - (1 - RATES[1])) < STRAY:
        return _reading("dropout-rate-swapped", words)
    if abs(share - RATES[0]) > STRAY or abs(second - RATES[1]) > STRAY:
        return _reading("dropout-rate", words)
    kept = (seen.train / seen.plain)[legible & ~gone]
    if torch.allclose(kept, torch.full_like(kept, 1 / (1 - RATES[0])), rtol=2e-3):
        return Reading(ASPECT)
    words = f"what survives a rate of 50% is multiplied by {float(kept.median()):.3g}, expected 2"
    return _reading("dropout-not-rescaled", words)


def _share(gone: Tensor, legible: Tensor) -> float:
    return float(gone[legible].double().mean())


def _elsewhere(gone: Tensor, legible: Tensor, share: float) -> Reading:
    """Two copies of a weight share no fate: features were dropped, of values or of the result."""
    if share > RATES[0] + STRAY:
        return _reading("dropout-besides", f"{share:.0%} is 0 at a rate of 50%")
    across = legible[:, 1:] & legible[:, :-1]
    alike = float((gone[:, 1:] == gone[:, :-1])[across].double().mean())
    if alike > 1 - STRAY:
        return _reading("dropout-on-values", "single features are 0 for all queries")
    return _reading("dropout-on-output", "single features of the result are 0")


def _shared(gone: Tensor, legible: Tensor) -> bool:
    """Whether weights share their fate along the copies, the queries or the heads."""
    for axis in range(gone.dim()):
        if gone.size(axis) < 2:
            continue
        ahead, behind = (
            gone.narrow(axis, 1, gone.size(axis) - 1),
            gone.narrow(axis, 0, gone.size(axis) - 1),
        )
        seen = legible.narrow(axis, 1, gone.size(axis) - 1) & legible.narrow(
            axis, 0, gone.size(axis) - 1
        )
        if float((ahead == behind)[seen].double().mean()) > 1 - STRAY:
            return True
    return False
