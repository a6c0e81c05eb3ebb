"""Claims about heads: that each keeps to its own features, and that they have to come out even."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import assert_matches, refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw
from grader.bank.sizes import Sizes
from grader.bank.standard.claim import claim
from grader.exchange.layout import Projection
from grader.kata.kata import ROLES
from grader.report.verdict import Fault, Verdict
from grader.worker.wire import Message

INDIVISIBLE = ((12, 5, 5), (10, 3, 9), (7, 2, 6))
"""A width, heads and a length for which some wrong reshape or chunk would come out even."""


@claim("equivalence")
def heads_apart(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Head h reads features h·head_dim … of query, key and value, and writes to the same place."""
    sizes = Sizes((2,), 7, 7, heads=3, width=5)
    layer = definition.layer(candidate, sizes)
    layer.choose("output", torch.eye(*layer.weights["output"].weight.shape))
    call = definition.call(draw, layer, sizes)
    asked = [layer]
    for role in ROLES:
        changed = layer.to(layer.dtype)
        weight = asked[-1].weights[role].weight.clone()
        weight[5:10] = draw(5, weight.size(1)) / 3
        changed.weights = {**asked[-1].weights, role: Projection(weight, layer.weights[role].bias)}
        asked.append(changed)
    before, *after = candidate.in_turn(*((one, call) for one in asked))
    definition.agree([before])
    for role, answer in zip(ROLES, after, strict=True):
        moved = (answer.output - before.output).abs().amax(dim=(0, 1)) > 1e-4
        if bool(moved[:5].any() or moved[10:].any()):
            raise refuse(f"the {role} features of head 1 changed what other heads return", answer)
        definition.agree([answer])
        before = answer


@claim("equivalence")
def as_torch(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """With the same weights and masks, `torch.nn.MultiheadAttention` gives the same output."""
    sizes = Sizes((2,), 7, 7, heads=3, width=5)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    mask = definition.mask(draw, 7, 7)
    plain, masked = layer.each(call, definition.under(layer, call, mask))
    theirs, given = _of_torch(layer), [call[name].double() for name in definition.parts(layer)]
    for answer, seen in ((plain, torch.ones(7, 7)), (masked, mask)):
        hidden = ~definition.visible((7, 7), seen)  # there, true hides
        with torch.no_grad():
            assert_matches(answer, theirs(*given, attn_mask=hidden)[0])


def _of_torch(layer: Layer) -> nn.MultiheadAttention:
    width = len(layer.weights["output"].weight)
    heads = layer.kata.heads(layer.construct)
    theirs = nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.float64)
    stacked = [layer.weights[role].weight for role in ROLES]
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat(stacked))
        theirs.in_proj_bias.copy_(torch.cat([layer.bias(role) for role in ROLES]))
        theirs.out_proj.weight.copy_(layer.weights["output"].weight)
        theirs.out_proj.bias.copy_(layer.bias("output"))
    return theirs


@claim("robustness")
def never_uneven(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Where the heads do not divide the features there is an error, and no output."""
    for construct, error in _uneven(definition, candidate, draw):
        if error is None:
            raise refuse(f"{construct} gave a result")


@claim("robustness", stretch=True)
def uneven_refused(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Building a layer whose heads do not divide its features raises ValueError or asserts."""
    for construct, error in _uneven(definition, candidate, draw):
        if error is None:
            raise refuse(f"{construct} gave a result")
        if error["stage"] != "construct":
            raise refuse(f"{construct} can be built, and fails only when called: {error['type']}")
        if error["type"] not in ("ValueError", "AssertionError"):
            told = f"{construct} is refused by {error['type']}, not ValueError or an assertion"
            raise refuse(told)


def _uneven(
    definition: Definition, candidate: Candidate, draw: Draw
) -> list[tuple[str, Message | None]]:
    """Constructions that do not come out even, in words, and the error that each ends with."""
    entry, found = candidate.kata.entry, []
    for width, heads, length in INDIVISIBLE:
        meant = {entry.meaning("width"): width, entry.meaning("heads"): heads}
        construct: dict[str, Any] = {**entry.probe, **definition.fixed}
        construct |= {name: value for name, value in meant.items() if name is not None}
        told = ", ".join(f"{name}={value}" for name, value in meant.items())
        layer = candidate.build(**construct)
        call = definition.call(draw, layer, Sizes((1,), length, length))
        found.append((told, raises(layer, call)))
    return found


def raises(layer: Layer, call: dict[str, Tensor]) -> Message | None:
    """The error of the submission's own that building the layer and this call end with, or None.

    Where the judge's weights have other shapes than the layer's, it is asked with its own.
    """
    error = None
    for asked in (layer, layer.candidate.bare(layer.construct)):
        try:
            asked.each(call)
        except Fault as fault:
            error = layer.candidate.exchanges[-1].error
            if fault.verdict is not Verdict.RUNTIME_ERROR or error is None:
                raise
            if error["frames"]:
                return error
        else:
            return None
    return error
