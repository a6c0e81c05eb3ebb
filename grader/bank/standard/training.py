"""Claims about learning: gradients, and dropout on the attention weights."""

from __future__ import annotations

from dataclasses import replace

import torch

from grader.bank.calls import HUGE, STEPS
from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import assert_gradients, assert_matches, beyond, refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw, Sizes
from grader.bank.dropout import (
    assert_share_is_dropped,
    assert_weights_are_dropped,
    dropped_weights,
)
from grader.bank.standard.claim import DROPOUT, LAYER, MASK, READS, ROWS, claim
from grader.bank.standard.masking import blind
from grader.bank.standard.meaning import alternately, with_blanks

FOLLOWED = (
    Sizes((2,), 5, 7, heads=3, width=5, value=11),
    Sizes((), 5, 7, heads=2, width=3, value=1),
    Sizes((2, 3), 3, 5, heads=1, width=1, value=5),
)
LEGIBLE = Sizes((8,), 7, 7, heads=2, width=13)
"""A width that is well above heads times keys: then weights can be read back from the output."""
PASSES = 8


@claim("gradient")
def gradients(
    definition: Definition, candidate: Candidate, draw: Draw, *, blanks: bool = True
) -> None:
    """Inputs and weights have the true gradients, under masks and without, inputs frozen or not.

    Also where several calls return before the first is followed by its backward pass.
    blanks: whether tokens of zero have a gradient.
    """
    asked = []
    for sizes in FOLLOWED:
        layer = definition.layer(candidate, sizes)
        call = definition.call(draw, layer, sizes)
        masks = definition.masks(draw, layer, sizes, hiding=True)
        some = [masks[0].float(), masks[-1].long()] if masks else []
        asked += [(layer, call), *((layer, definition.under(layer, call, m)) for m in some)]
    if blanks:
        layer, call = asked[0]
        asked.append((layer, next(with_blanks(draw, call))))
    pulls = [draw(*layer.returned(call)) for layer, call in asked]
    train = alternately(asked[0][0], len(asked))
    definition.agree(candidate.in_turn(*asked, cotangents=pulls, train=train))
    definition.agree(candidate.in_turn(*asked[:4], cotangents=pulls[:4], late=True))
    if candidate.kata.roles:
        definition.agree(candidate.in_turn(*asked[:4], cotangents=pulls[:4], frozen=True))


@claim("gradient", LAYER, DROPOUT)
def training_gradients(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """In training, backward goes through the very weights that survived, and their rescaling."""
    sizes = replace(LEGIBLE, lead=(2,))
    layer = _even(definition.layer(candidate, sizes, rate=0.4))
    call = definition.call(draw, layer, sizes)
    padding, *_, whole = definition.masks(draw, layer, sizes, hiding=True)
    calls = [call, *(definition.under(layer, call, m) for m in (padding, whole.long()))]
    pulls = [draw(*layer.returned(call)) for call in calls]
    for frozen in (False, True):
        for answer in layer.each(*calls, cotangents=pulls, train=True, frozen=frozen):
            gone = dropped_weights(layer.kata, answer, definition.true(answer), 0.4)
            # Without a word for heads, the scores have no axis for them either.
            kept = (~gone / 0.6).reshape(definition.span(layer, sizes))
            assert_gradients(answer, definition.true_gradients(answer, kept=kept))


def _even(layer: Layer) -> Layer:
    """The layer with smaller scores: no weight is so small that it looks dropped."""
    layer.choose("query", layer.weights["query"].weight / 5)
    return layer


@claim("dropout", LAYER, DROPOUT)
def none_dropped(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """In eval mode at any rate, and in training at rate 0, the output is the true one each time."""
    sizes = Sizes(heads=3, width=2)
    asked, train = [], []
    for rate, modes in ((0.9, [False, True, False, True, False]), (0.0, [True, False, True])):
        layer = definition.layer(candidate, sizes, rate=rate)
        call = definition.call(draw, layer, sizes)
        masked = [definition.under(layer, call, m) for m in definition.masks(draw, layer, sizes)]
        asked += [(layer, c) for c in [call, *masked[:4]][: len(modes)]]
        train += modes
    answers = candidate.in_turn(*asked, train=train)
    definition.agree([a for n, a in enumerate(answers) if n not in (1, 3)])
    for answer in (answers[1], answers[3]):
        if not bool(beyond(answer, answer.output, definition.true(answer)).any()):
            raise refuse("in training, after a call in eval mode, nothing is dropped", answer)


@claim("dropout", LAYER, READS, DROPOUT)
def dropped(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """In training each weight is 0 at the given rate, or else 1 / (1 − rate) times itself.

    However many keys there are, from a single one to more than buffers and blocks are made for.
    """
    alone = replace(LEGIBLE, lead=(48,), queries=1, keys=1)
    for rate, sizes in ((0.35, LEGIBLE), (0.6, LEGIBLE), (0.45, alone)):
        layer = _even(definition.layer(candidate, sizes, rate=rate))
        call = definition.call(draw, layer, sizes)
        if rate > 0.5:
            mask = definition.mask(draw, *definition.span(layer, sizes), visible=0.8)
            call = definition.under(layer, call, mask)
        seeds = [draw.integer(0, 2**31), *[None] * (PASSES - 1)]
        answers = layer.each(*[call] * PASSES, train=True, seeds=seeds)
        assert_weights_are_dropped(layer.kata, answers, definition.true(answers[0]), rate)
    layer = definition.layer(candidate, LEGIBLE, rate=1.0)
    call = definition.call(draw, layer, LEGIBLE)
    answer = layer.each(call, train=True)[0]
    nothing = layer.bias("output").double().expand(layer.returned(call))
    assert_matches(answer, nothing)
    _long_are_dropped(definition, candidate, draw)


def _long_are_dropped(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Where all tokens are alike, an output tells how many of its many weights survived."""
    rate = 0.4
    for length in (521, 1031):
        sizes = Sizes((1,), length, length, heads=1, width=3)
        layer = definition.layer(candidate, sizes, rate=rate)
        call = definition.call(draw, layer, sizes)
        alike = {name: value[..., :1, :].expand_as(value).clone() for name, value in call.items()}
        mask = definition.mask(draw, *definition.span(layer, sizes)[-2:], visible=0.7)
        mask[..., 0] = True  # which every token may see, whatever else is hidden
        for given in (alike, definition.under(layer, alike, mask)):
            answer = layer.each(given, train=True)[0]
            hides = given.get(str(layer.kata.entry.mask and layer.kata.entry.mask.name))
            seen = definition.visible(definition.span(layer, sizes), hides)
            assert_share_is_dropped(answer, definition.true(answer), seen.sum(-1).flatten(), rate)


@claim("dropout", LAYER, READS, DROPOUT, MASK, ROWS)
def hidden_stay_hidden(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Dropout and mask go together: hidden keys have weight 0, visible ones drop at the rate."""
    layer = _even(definition.layer(candidate, LEGIBLE, rate=0.4))
    call = definition.call(draw, layer, LEGIBLE)
    for mask in definition.masks(draw, layer, LEGIBLE, hiding=True):
        masked = [definition.under(layer, call, mask)] * PASSES
        seeds = [draw.integer(0, 2**31), *[None] * (PASSES - 1)]
        answers = layer.each(*masked, train=True, seeds=seeds)
        assert_weights_are_dropped(layer.kata, answers, definition.true(answers[0]), 0.4)


@claim("robustness")
def modes_agree(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """The layer computes the same in training as in evaluation: nothing is dropped."""
    layer = definition.layer(candidate)
    calls = [
        definition.call(draw, layer, Sizes((n,), length, length)) for n, length in ((2, 7), (3, 2))
    ]
    definition.holds(layer, *calls, *calls, *calls, train=[True] * 2 + [False] * 2 + [True] * 2)


@claim("numerics", READS, ROWS)
def finite(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Scores of ±10⁴ give the true, finite output and gradients: the softmax does not overflow."""
    for lead in ((2, 3),) if candidate.kata.entry.is_module else ((2, 3), ()):
        sizes = replace(definition.wide(5, heads=2), lead=lead, keys=6)
        if candidate.kata.entry.is_module:
            sizes = replace(sizes, keys=5)
        layer = definition.layer(candidate, sizes)
        entry = layer.kata.entry
        spans = definition.span(layer, sizes)
        call = definition.scored(draw, layer, _extremes(draw, spans))
        calls = [call, call]
        if entry.mask is not None:
            masks = definition.masks(draw, layer, sizes, hiding=True)
            calls += [definition.under(layer, call, m) for m in (masks[0], masks[-1].float())]
        train = alternately(layer, len(calls))
        definition.backward(draw, layer, *calls, scores=HUGE, train=train)
        definition.holds(layer, *calls[1:], scores=HUGE, train=train[:-1])


def _extremes(draw: Draw, span: tuple[int, ...]) -> torch.Tensor:
    """Scores (…, L, S), row by row: at both ends, near one, near the other, from end to end."""
    *lead, queries, keys = span
    ends = draw.signs(*span) * HUGE
    step = torch.arange(keys) * STEPS
    near = step[draw.permutation(keys)].expand(span)
    slope = (torch.linspace(-1, 1, keys) * HUGE / STEPS).round() * STEPS
    turn = (torch.arange(queries)[:, None] + draw.integer(0, 3)).expand(*lead, queries, 1) % 4
    scores = torch.where(turn == 0, ends, torch.where(turn == 1, HUGE - near, near - HUGE))
    return torch.where(turn == 3, slope.clamp(-HUGE, HUGE).expand(span), scores)


@claim("gradient", MASK, ROWS, stretch=True)
def empty_row_gradients(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Backward through a fully masked row gives true, finite gradients."""
    sizes = Sizes((2, 3), 5, 7)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    masks = blind(definition, draw, layer, sizes)
    calls = [definition.under(layer, call, mask) for mask in masks[::3]]
    for answer in definition.backward(draw, layer, *calls, train=alternately(layer, len(calls))):
        if any(not bool(torch.isfinite(g).all()) for g in answer.gradients.values()):
            raise refuse("a gradient is not finite", answer)
