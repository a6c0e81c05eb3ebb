"""Claims about what a query may attend to: masks of every form and dtype, and the causal rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from grader.bank.calls import DTYPES, HUGE, Call
from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import assert_matches, assert_shape, refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw, Sizes
from grader.bank.standard.claim import MASK, READS, ROWS, claim
from grader.bank.standard.meaning import alternately, with_blanks

CHANCE = (  # batch and heads, or leading axes; queries, keys; heads of a layer: some of them equal
    ((5,), 5, 7, 1),
    ((7,), 5, 7, 3),
    ((3, 3), 5, 7, 3),
    ((2, 5), 5, 7, 7),
    ((1, 3), 5, 5, 3),
    ((5, 5), 5, 5, 5),
)
OF_LEADING_AXES = (((5, 3), 4, 5, 1), ((7, 3), 5, 7, 1), ((2, 7), 5, 7, 1), ((2, 3), 5, 5, 1))
"""The same of a function, whose second axis is in front too."""
KINDS = (torch.bool, torch.int64, torch.float32)
"""Of each kind of dtype the one that people write."""
SMALL = Sizes((2, 3), 3, 4, heads=3, width=2, value=2)


def _masked(
    definition: Definition, layer: Layer, call: Call, masks: list[Tensor]
) -> list[tuple[Layer, Call]]:
    return [(layer, definition.under(layer, call, mask)) for mask in masks]


@claim("masking", MASK)
def obeyed(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """True means "may attend", for every mask that broadcasts to the scores."""
    asked = []
    first = Sizes((2, 3), 5, 7)
    others = [replace(first, lead=(1,), heads=2), replace(first, lead=(2,), heads=1)]
    for sizes in (first, *others):
        layer = definition.layer(candidate, sizes)
        call = definition.call(draw, layer, sizes)
        masks = definition.masks(draw, layer, sizes, hiding=sizes is not first)
        asked += _masked(definition, layer, call, masks)
        blanks = zip(with_blanks(draw, call), masks, strict=False)
        asked += [(layer, definition.under(layer, blank, mask)) for blank, mask in blanks]
    if not candidate.kata.entry.is_module:  # which may have any number of leading axes
        deep, layer = Sizes((2, 3, 1), 5, 7, value=2), definition.layer(candidate)
        masks = [m for m in definition.masks(draw, layer, deep, hiding=True) if m.dim() != 2]
        asked += _masked(definition, layer, definition.call(draw, layer, deep), masks[::4])
    definition.agree(candidate.in_turn(*asked, train=alternately(asked[0][0], len(asked))))


@claim("masking", MASK)
def lines_up(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Sizes that are equal by chance, or 1, make no axis of a mask pass for another."""
    asked = []
    cases = CHANCE if candidate.kata.entry.is_module else (*CHANCE, *OF_LEADING_AXES)
    for lead, queries, keys, heads in cases:
        sizes = Sizes(lead, queries, keys, heads, width=2, value=2)
        layer = definition.layer(candidate, sizes)
        call = definition.call(draw, layer, sizes)
        span = definition.span(layer, sizes)
        forms = definition.forms(layer, sizes, hiding=True)
        if not layer.kata.entry.is_module:  # what begins with 1 is like what has fewer axes
            forms = [form for form in forms if form[0] != 1 or span[0] == 1 == len(form)]
        masks = [definition.mask(draw, *form) for form in forms]
        masks += [_spread(draw.padding(span[0], keys), span)] if len(span) > 2 else []
        asked += _masked(definition, layer, call, masks)
    definition.agree(candidate.in_turn(*asked))


def _spread(padding: Tensor, span: tuple[int, ...]) -> Tensor:
    """A mask (batch, keys) with 1 for every axis between: of the rank of the scores."""
    return padding.reshape(len(padding), *[1] * (len(span) - 2), -1)


@claim("masking", MASK)
def any_dtype(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """1 may attend and 0 may not, as bool, integers or floats; an explicit None hides nothing."""
    layer = definition.layer(candidate, SMALL)
    call = definition.call(draw, layer, SMALL)
    span = definition.span(layer, SMALL)
    padding = _spread(draw.padding(span[0], span[-1]), span) if len(span) > 2 else None
    masks = [definition.mask(draw, *span), definition.mask(draw, *span[-2:])]
    masks += [] if padding is None else [padding]
    calls = [definition.under(layer, call, m.to(d)) for d in DTYPES for m in masks]
    calls.append(definition.under(layer, call, None))
    definition.holds(layer, *calls, train=alternately(layer, len(calls)))


@claim("masking", READS, MASK)
def no_influence(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """What hidden keys and values hold does not matter: it is as if they were not there."""
    groups = []
    for keys in (2, 7, 13):
        sizes = Sizes((2,), 3, keys, heads=2, width=5, value=11)
        layer = definition.layer(candidate, sizes)
        call = definition.call(draw, layer, sizes)
        visible = definition.mask(draw, keys)
        mask = visible.reshape(*[1] * (len(definition.span(layer, sizes)) - 1), keys)
        mask = visible if definition.forms(layer, sizes)[1] == (keys,) else mask
        other = {n: _elsewhere(draw, layer, n, t, visible) for n, t in call.items()}
        alone = {n: _along_keys(layer, n, t, visible) for n, t in call.items()}
        calls = [definition.under(layer, call, mask), definition.under(layer, other, mask), alone]
        groups.append((layer, calls, visible))
    asked = [(layer, call) for layer, calls, _ in groups for call in calls]
    answers = candidate.in_turn(*asked)
    for number, (layer, _, visible) in enumerate(groups):
        *among, alone_too = answers[3 * number : 3 * number + 3]
        definition.agree([alone_too])
        rows = visible if _same_tokens(layer) else slice(None)
        for answer in among:
            assert_shape(answer, layer.returned(answer.call.arguments))
            off = (answer.output[..., rows, :] - alone_too.output).abs()
            if bool((off > 1e-3 * alone_too.output.abs().max().clamp(min=1.0)).any()):
                raise refuse("what hidden keys hold reaches the output", answer)
        definition.agree(among)


def _same_tokens(layer: Layer) -> bool:
    """Whether those who ask are those who are asked."""
    entry = layer.kata.entry
    return entry.reads["query"] == entry.reads["key"]


def _key_axis(layer: Layer, name: str) -> bool:
    entry = layer.kata.entry
    return entry.axes[name].words[-2] == entry.axes[entry.reads["key"]].words[-2]


def _along_keys(layer: Layer, name: str, tensor: Tensor, visible: Tensor) -> Tensor:
    return tensor[..., visible, :] if _key_axis(layer, name) else tensor


def _elsewhere(draw: Draw, layer: Layer, name: str, tensor: Tensor, visible: Tensor) -> Tensor:
    if not _key_axis(layer, name):
        return tensor
    return torch.where(visible[:, None], tensor, draw(*tensor.shape) * 30)


@claim("masking", READS, MASK)
def single(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """With all keys but one hidden, what is attended to is that key's value."""
    sizes = Sizes((3, 2), 5, 7, heads=2, width=7, value=11)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    calls = []
    for form in definition.forms(layer, sizes, hiding=True):
        chosen = torch.randint(0, form[-1], (*form[:-1], 1), generator=draw.generator)
        mask = torch.zeros(form, dtype=torch.bool).scatter(-1, chosen, True)
        calls.append(definition.under(layer, call, mask))
    definition.holds(layer, *calls)


@claim("masking", READS, MASK, ROWS)
def dominated(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """A hidden key gets weight 0 even where its score is 10⁴ and the visible ones are −10⁴ or 0."""
    sizes = replace(definition.wide(4, heads=2), lead=(2, 2), keys=5)
    if candidate.kata.entry.is_module:
        sizes = replace(sizes, keys=4)
    layer = definition.layer(candidate, sizes)
    span = definition.span(layer, sizes)
    calls: list[Call] = []
    ranks: set[int] = set()
    for number, form in enumerate(definition.forms(layer, sizes)):
        mask = definition.mask(draw, *form)
        seen = definition.visible(span, mask)
        call = definition.scored(draw, layer, definition.opposed(draw, seen))
        # Each kind of dtype in each form, each dtype in each number of axes.
        dtypes: Sequence[torch.dtype] = KINDS if len(form) in ranks else DTYPES
        if form[-1] == 1:
            dtypes = (DTYPES[number % len(DTYPES)],)
        else:
            ranks.add(len(form))
        calls += [definition.under(layer, call, mask.to(dtype)) for dtype in dtypes]
    if definition.causal:
        seen = definition.visible(span, None)
        calls += [definition.scored(draw, layer, definition.opposed(draw, seen))] * 2
    train = alternately(layer, len(calls))
    definition.holds(layer, *calls, train=train, scores=HUGE)


@claim("masking", READS, MASK, ROWS)
def prefix(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Under a triangular mask, the first tokens leave as they do from their prefix alone."""
    asked, cuts = [], []
    for length in (2, 7, 17):
        sizes = Sizes((2,), length, length, heads=1, width=5)
        layer = definition.layer(candidate, sizes)
        whole = definition.call(draw, layer, sizes)
        cut = draw.integer(1, length - 1)
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        short = {n: t[..., :cut, :] for n, t in whole.items()}
        asked.append((layer, definition.under(layer, whole, causal)))
        asked.append((layer, definition.under(layer, short, causal[:cut, :cut])))
        cuts.append(cut)
    answers = candidate.in_turn(*asked)
    for cut, full, part in zip(cuts, answers[::2], answers[1::2], strict=True):
        definition.agree([full])
        assert_matches(part, definition.true(full)[..., :cut, :])


@claim("masking", MASK, ROWS, stretch=True)
def empty_row(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """A fully masked row attends to nothing: it gathers zero, and its neighbours are untouched."""
    sizes = Sizes((2, 3), 5, 7)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    masks = blind(definition, draw, layer, sizes)
    calls = [definition.under(layer, call, mask) for mask in masks]
    one = Sizes((2, 3), 1, 1)
    for form in definition.forms(layer, one)[::3]:
        alone = definition.call(draw, layer, one)
        calls.append(definition.under(layer, alone, torch.zeros(form)))
    definition.holds(layer, *calls, train=alternately(layer, len(calls)))


def blind(definition: Definition, draw: Draw, layer: Layer, sizes: Sizes) -> list[Tensor]:
    """Masks that leave some rows nothing: of every form, one that hides all, and of floats."""
    span = definition.span(layer, sizes)
    masks = []
    for form in definition.forms(layer, sizes)[::2]:
        mask = definition.mask(draw, *form)
        if form[-1] == 1:
            mask = draw.uniform(*form) < 0.5
        elif len(form) == 1 or form[-2] == 1:
            mask = mask if len(form) == 1 else _without_the_first(mask)
        else:
            mask[..., 2, : 3 if definition.causal else None] = False
        masks.append(mask)
    hiding_all = torch.zeros(span[-2:], dtype=torch.bool)
    return [*masks, masks[0].float(), hiding_all, torch.zeros(span)]


def _without_the_first(mask: Tensor) -> Tensor:
    """Padding on the left: under the causal rule the first rows are left with nothing."""
    shifted = mask.clone()
    shifted[..., :2] = False
    return shifted
