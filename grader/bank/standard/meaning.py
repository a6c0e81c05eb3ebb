"""Claims about what is computed: by hand, in which shape, by which formula, of whom, in heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from grader.bank.calls import Call
from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import assert_matches, assert_shape, refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw, Sizes
from grader.bank.standard.claim import (
    ALIKE,
    ANY_ORDER,
    HEADS,
    LAYER,
    MASK,
    OUTPUT,
    READS,
    ROWS,
    claim,
)
from grader.exchange.layout import Projection
from grader.kata.entry_point import ROLES
from grader.report.verdict import Fault, Verdict
from grader.worker.wire import Message

TABLE = (
    Sizes((), 2, 3, heads=3, width=5, value=7),
    Sizes((1,), 1, 3, heads=1, width=5, value=2),
    Sizes((1,), 3, 1, heads=3, width=2, value=1),
    Sizes((2,), 5, 7, heads=2, width=3, value=11),
    Sizes((2, 3), 7, 5, heads=3, width=7, value=13),
    Sizes((3, 1, 2), 3, 11, heads=5, width=1, value=5),
    Sizes((5,), 1, 1, heads=1, width=1, value=3),
)
"""Small first, primes, each size 1 once: nothing equal by which a mix-up could be hidden."""
SCALES = (
    Sizes((), 3, 11, heads=12, width=1, value=4),
    Sizes((2,), 2, 5, heads=1, width=12, value=3),
    Sizes((1,), 3, 11, heads=3, width=37, value=2),
    Sizes((2, 1), 5, 7, heads=1, width=64, value=128),
)
"""Widths, and other numbers whose root a scale might be."""


def built(
    definition: Definition, candidate: Candidate, draw: Draw, table: tuple[Sizes, ...]
) -> list[tuple[Layer, Call]]:
    """A layer and a call of each of these sizes."""
    layers = [definition.layer(candidate, sizes) for sizes in table]
    calls = [definition.call(draw, layer, s) for layer, s in zip(layers, table, strict=True)]
    return list(zip(layers, calls, strict=True))


def with_blanks(draw: Draw, call: Call) -> Iterator[Call]:
    """The call with tokens of zeros in it, with tokens of a single one, and with zeros alone."""

    def changed(tokens: Tensor, kind: int) -> Tensor:
        rows = tokens.clone()
        if kind == 1:
            rows[..., draw.integer(0, rows.size(-2) - 1), :] = 0.0
        elif kind == 2:
            places = torch.arange(rows.size(-2)) % rows.size(-1)
            rows = torch.eye(rows.size(-1))[places].expand_as(rows).contiguous()
        else:
            rows.zero_()
        return rows

    for kind in (1, 2, 3):
        yield {n: changed(t, kind) if isinstance(t, Tensor) else t for n, t in call.items()}


def alternately(layer: Layer, count: int, first: int = 0) -> list[bool]:
    """Whether each of so many calls is in training: every other one; a function knows no modes."""
    return [layer.kata.entry.is_module and (first + n) % 2 == 1 for n in range(count)]


@claim("rules")
def by_hand(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Attention is written out: torch's own is not called, in training or in evaluation."""
    sizes = Sizes(queries=3, keys=5)
    layer = definition.layer(candidate, sizes, rate=0.2)
    call = definition.call(draw, layer, sizes)
    calls = [
        call,
        *(definition.under(layer, call, m) for m in definition.masks(draw, layer, sizes)),
    ]
    layer.each(*calls, *calls, train=[*[False] * len(calls), *[True] * len(calls)])


@claim("rules", LAYER)
def nothing_more(_definition: Definition, candidate: Candidate, _draw: Draw) -> None:
    """The projections that the formula names are all there is to learn."""
    extras = candidate.layout.extras
    if extras:
        number = len(candidate.kata.roles)
        raise refuse(f"parameters beyond the {number} projections: {', '.join(extras)}")


@claim("shape")
def shape(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """The output has the shape that is promised, also with one sequence, one token or one head."""
    asked = built(definition, candidate, draw, TABLE)
    for (layer, call), answer in zip(asked, candidate.in_turn(*asked), strict=True):
        assert_shape(answer, layer.returned(call))


@claim("equivalence")
def formula(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """The output is what the formula gives, tokens of zeros and of a single one included."""
    asked = built(definition, candidate, draw, TABLE)
    layer, call = asked[3]
    asked += [(layer, blank) for blank in with_blanks(draw, call)]
    definition.agree(candidate.in_turn(*asked))


@claim("equivalence")
def scale(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """The scores are divided by the root of a query's width, whatever the other sizes are."""
    asked = built(definition, candidate, draw, SCALES)
    if candidate.kata.entry.mask is not None:
        plain = zip(asked, SCALES, strict=True)
        for (layer, call), sizes in list(plain):
            ones = torch.ones(definition.forms(layer, sizes)[0])
            asked.append((layer, definition.under(layer, call, ones)))
    definition.agree(
        candidate.in_turn(*asked, train=alternately(asked[0][0], len(asked), len(SCALES)))
    )


@claim("equivalence", READS)
def sums_to_one(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """A query's weights sum to 1 over the keys: attending to equal values returns that value."""
    sizes = Sizes((2, 3), 5, 7, value=2)
    layer = definition.layer(candidate, sizes)
    call = _of_equal_values(definition, layer, definition.call(draw, layer, sizes))
    masks = definition.masks(draw, layer, sizes, hiding=True)
    definition.holds(layer, call, *(definition.under(layer, call, m) for m in masks[::4]))


def _of_equal_values(definition: Definition, layer: Layer, call: Call) -> Call:
    """The call with values that are the same for every key."""
    name = definition.parts(layer)[2]
    if "value" not in layer.weights:
        return {**call, name: torch.ones_like(call[name])}
    tokens = call[name].clone()
    tokens[..., 0] = 1.0
    weight = torch.zeros_like(layer.weights["value"].weight)
    weight[:, 0] = torch.arange(1.0, len(weight) + 1)  # every value reads that feature alone
    layer.choose("value", weight)
    if "output" in layer.weights:
        layer.choose("output", torch.eye(*layer.weights["output"].weight.shape))
    return {**call, name: tokens}


@claim("equivalence", LAYER, READS)
def handed_over(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Where every value is 0 the output is 0: nothing else is added, nothing comes after."""
    layer = definition.layer(candidate)
    layer.choose("value", torch.zeros_like(layer.weights["value"].weight))
    if "output" in layer.weights:  # without its bias
        layer.choose("output", layer.weights["output"].weight)
    call = definition.call(draw, layer)
    for answer in layer.each(call, call, train=[False, True]):
        assert_matches(answer, torch.zeros(layer.returned(call), dtype=torch.float64))


@claim("equivalence", LAYER, READS)
def equal_scores(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Queries of 0, or keys of 0, find all tokens alike: the output is the mean of the values."""
    asked = []
    for role in ROLES[:2]:
        layer = definition.layer(candidate)
        layer.choose(role, torch.zeros_like(layer.weights[role].weight))
        asked.append((layer, definition.call(draw, layer)))
    definition.agree(candidate.in_turn(*asked))


@claim("equivalence", LAYER)
def biases(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """A bias that exists is added: it moves the output as the definition says."""
    layer = definition.layer(candidate)
    for role, projection in layer.weights.items():
        if projection.bias is not None:
            layer.weights[role] = replace(projection, bias=projection.bias * 3)
    call = definition.call(draw, layer)
    definition.holds(layer, call, {name: torch.zeros_like(t) for name, t in call.items()})


@claim("equivalence")
def equal_sizes(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Batch, length and width may be equal, or 3, without being taken for each other."""
    asked = []
    for width in (3, 5):
        layer = definition.layer(candidate, Sizes(heads=1, width=width))
        for batch, length in ((width, width), (width, 3), (3, width), (6, 9)):
            sizes = Sizes((batch,), length, length, heads=1, width=width, value=width)
            asked.append((layer, definition.call(draw, layer, sizes)))
    definition.agree(candidate.in_turn(*asked))


@claim("equivalence")
def apart(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Changing one sequence of a batch, or its mask, leaves the others' output as it is."""
    sizes = Sizes((3, 2), 5, 7)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    other = {n: _but_one(draw, t) if isinstance(t, Tensor) else t for n, t in call.items()}
    calls = [call, other]
    for part in (slice(0, 1), slice(2, None)):
        calls.append({n: t[part] if isinstance(t, Tensor) else t for n, t in call.items()})
    if layer.kata.entry.mask is not None:
        mask = definition.mask(draw, *definition.span(layer, sizes))
        narrower = mask.clone()
        narrower[1] = definition.mask(draw, *mask[1].shape)
        calls += [definition.under(layer, call, m) for m in (mask, narrower)]
    definition.holds(layer, *calls)


def _but_one(draw: Draw, tensor: Tensor) -> Tensor:
    other = tensor.clone()
    other[1] = draw(*tensor[1].shape) * 3
    return other


@claim("equivalence", READS, ANY_ORDER)
def order(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Permuting keys with their values changes nothing; permuting queries permutes the output."""
    sizes = Sizes((2,), 5, 7)
    layer = definition.layer(candidate, sizes)
    calls = [definition.call(draw, layer, sizes)]
    if layer.kata.entry.mask is not None:
        mask = definition.mask(draw, *definition.span(layer, sizes))
        calls.append(definition.under(layer, calls[0], mask))
    entry = layer.kata.entry
    query, key, _ = (entry.axes[name].words[-2] for name in definition.parts(layer))
    orders = {key: draw.permutation(sizes.keys)}
    orders.setdefault(query, draw.permutation(sizes.queries))
    moved = [_moved(layer, call, orders) for call in calls]
    answers = layer.each(*calls, *moved)
    plain = [definition.true(answer) for answer in answers[: len(calls)]]
    permuted = [truth.index_select(-2, orders[query]) for truth in plain]
    for answer, truth in zip(answers, (*plain, *permuted), strict=True):
        assert_matches(answer, truth)


def _moved(layer: Layer, call: Call, orders: dict[str, Tensor]) -> Call:
    """The call with its tokens in other orders, by the axes they lie along."""

    def along(name: str, tensor: Any) -> Any:
        axes, own = layer.kata.entry.axes[name], layer.kata.entry.mask
        masks = own is not None and name == own.name
        for word, order in orders.items():
            places = axes.places(word) if masks else (-2,) * (axes.words[-2] == word)
            for place in places:
                tensor = tensor.index_select(place, order)
        return tensor

    return {name: along(name, t) if isinstance(t, Tensor) else t for name, t in call.items()}


# --- heads ----------------------------------------------------------------------------------------


INDIVISIBLE = ((12, 5, 5), (10, 3, 9), (7, 2, 6))
"""A width, heads and a length for which some wrong reshape or chunk would come out even."""
UNSHARED = ((24, 6, 4, 6), (24, 4, 3, 4), (30, 5, 2, 5))
"""A width, heads, fewer heads of keys and a length, where these do not divide those."""


@claim("equivalence", LAYER, HEADS, ALIKE, OUTPUT)
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


@claim("equivalence", LAYER, HEADS, ALIKE, OUTPUT, MASK, ROWS)
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


@claim("robustness", LAYER, HEADS)
def never_uneven(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Where the heads do not divide the features there is an error, and no output."""
    for construct, error in _uneven(definition, candidate, draw):
        if error is None:
            raise refuse(f"{construct} gave a result")


@claim("robustness", LAYER, HEADS, stretch=True)
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
    fewer = entry.meaning("kv_heads") is not None
    cases = [(width, heads, 1, length) for width, heads, length in INDIVISIBLE]
    for width, heads, shared, length in [*cases, *UNSHARED] if fewer else cases:
        meant = {entry.meaning("width"): width, entry.meaning("heads"): heads}
        meant |= {entry.meaning("kv_heads"): shared} if fewer else {}
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
