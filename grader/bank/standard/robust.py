"""Claims about whatever may happen to a layer: calls in turn, lengths, dtypes, strides, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.calls import Call, Plan
from grader.bank.candidate import Candidate, Layer
from grader.bank.claims import assert_shape, beyond, refuse
from grader.bank.definition import Definition
from grader.bank.draw import Draw, Sizes
from grader.bank.standard.claim import DROPOUT, LAYER, claim, counted, timed
from grader.bank.standard.meaning import alternately
from grader.exchange.answer import Answer
from grader.report.verdict import Fault

DIFFERENT = (torch.bool, torch.float32, torch.int64, torch.uint8, torch.float64, torch.int32)
"""Dtypes of a mask that conversions such as `.float()` hand back as they are, or copy."""
LENGTHS = (  # tokens, batch, mask, in training: each pair of these somewhere
    (521, 2, None, True),
    (521, 2, "padding", False),
    (521, 2, "square", True),
    (1031, 2, "padding", True),
    (1031, 1, "square", False),
    (1031, 1, None, False),
)
"""Just behind the lengths that buffers and blocks are made for."""
SAMPLED = 24
"""Rows of a long output that are compared, beside those at either end and around a block's."""


@claim("robustness")
def untouched(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Inputs and masks are left as they were: values, shape and strides, in training as well."""
    asked = []
    for lead in ((2, 1), (2,), ()) if not candidate.kata.entry.is_module else ((2,),):
        sizes = Sizes(lead, 3, 5, heads=2, width=3)
        layer = definition.layer(candidate, sizes, rate=0.5)
        call = definition.call(draw, layer, sizes)
        asked.append((layer, call))
        masks = {mask.dim(): mask for mask in definition.masks(draw, layer, sizes, hiding=True)}
        for rank, mask in masks.items():
            kinds = (
                DIFFERENT if rank == 2 == len(lead) + 1 else (DIFFERENT[rank], DIFFERENT[len(lead)])
            )
            asked += [(layer, definition.under(layer, call, mask.to(kind))) for kind in kinds]
    pulls = [draw(*layer.returned(call)) for layer, call in asked]
    train = alternately(asked[0][0], len(asked))
    plain = candidate.in_turn(*asked, train=train, keep_inputs=True)
    some = slice(None, None, 2) if len(asked) > SAMPLED else slice(None)
    # What is followed goes through the other mode.
    other = [layer.kata.entry.is_module and not mode for mode in train][some]
    followed = candidate.in_turn(
        *asked[some], train=other, cotangents=pulls[some], keep_inputs=True
    )
    for answer in (*plain, *followed):
        assert_untouched(answer)


def assert_untouched(answer: Answer) -> None:
    """Every tensor that was passed is still what it was."""
    for name, before in answer.call.arguments.items():
        if not isinstance(before, Tensor):
            continue
        after = answer.inputs.get(name)
        if after is None or after.shape != before.shape or not torch.equal(after, before):
            raise refuse(f"`{name}` was modified in place", answer)
        if answer.altered.get(name, ("version",)):
            raise refuse(f"`{name}` was written to, and then written back", answer)


@claim("robustness")
def nothing_kept(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """An output depends on its own call, layer and weights alone: nothing comes from before."""
    kata = candidate.kata
    one, other = Sizes((2, 3), 5, 7, width=2), Sizes((1, 2), 7, 3, heads=2, width=5, value=2)
    first, second = definition.layer(candidate, one, rate=0.0), definition.layer(candidate, other)
    asked: list[tuple[Layer, Mapping[str, Any]]] = []

    def ask(layer: Layer, sizes: Sizes, *masks: Tensor) -> None:
        call = definition.call(draw, layer, sizes)
        asked.extend([(layer, call), *((layer, definition.under(layer, call, m)) for m in masks)])

    longer = replace(one, queries=11, keys=13)
    for sizes, layer in ((replace(one, queries=2, keys=2), first), (one, first), (longer, first)):
        ask(layer, sizes, *definition.masks(draw, layer, sizes, hiding=True)[:2])
    ask(second, other)
    for form in definition.forms(first, one, hiding=True)[::5] or [()]:
        same = [definition.mask(draw, *form) for _ in range(3)] if form else []
        ask(first, one, *same[:2])  # two of one shape, one after the other, and one later on
        ask(second, other, *definition.masks(draw, second, other)[:1])
        ask(first, one, *same[2:])
    asked += asked[:4]
    if kata.roles:
        later = first.stepped()
        ask(later, one, *definition.masks(draw, first, one)[:2])
        asked += [(second, asked[0][1])] if second.construct == first.construct else []
        ask(later.stepped(), longer)
        asked += asked[:2]
    definition.agree(candidate.in_turn(*asked, train=alternately(asked[0][0], len(asked))))
    # The caller's own tensors, with other values in them by the next call.
    masks = [definition.mask(draw, *form) for form in definition.forms(first, one, hiding=True) * 2]
    calls = [definition.call(draw, first, one) for _ in masks or range(2)]
    if masks:
        calls = [definition.under(first, c, m) for c, m in zip(calls, masks, strict=True)]
    definition.agree(candidate.in_turn(*((first, call) for call in calls), again=True))


@claim("robustness", LAYER, DROPOUT)
def beside(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Two layers built with different rates of dropout keep to their own."""
    sizes = Sizes(heads=2, width=5)
    still, noisy = (definition.layer(candidate, sizes, rate=rate) for rate in (0.0, 0.9))
    call = definition.call(draw, still, sizes)
    asked = [(still, call), (noisy, call)] * 2
    answers = candidate.in_turn(*asked, train=True)
    definition.agree(answers[::2])
    truth = definition.true(answers[1])
    if not bool(beyond(answers[1], answers[1].output, truth).any()):
        raise refuse("a second layer, of another rate, drops as the first one does", answers[1])


@claim("robustness")
def any_length(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """There is no maximum length: a thousand tokens are fine, masked or not, in training too."""
    layer, is_module = sharp(definition, candidate), candidate.kata.entry.is_module
    # Where one argument plays all parts, queries are as many as keys.
    square = is_module or len({*candidate.kata.entry.reads.values()}) == 1
    calls, train = [], []
    for length, batch, kind, mode in LENGTHS:
        if kind == "square" and candidate.kata.entry.mask is None:
            continue
        # Of a function, few queries do: only once are there as many as keys.
        queries = length if square or (kind, mode) == ("square", True) else 19
        sizes = Sizes((batch,), queries, length, heads=1, width=2, value=2)
        call = definition.call(draw, layer, sizes)
        if kind is not None and candidate.kata.entry.mask is not None:
            mask = _long(definition, draw, definition.span(layer, sizes), square=kind == "square")
            call = definition.under(layer, call, mask)
        calls.append(call)
        train.append(mode and is_module)
    shorts = [Sizes((1,), 2, 3, heads=1, width=2)]
    shorts += [] if square else [Sizes((), 2, 5003), Sizes((), 4099, 3, width=2)]
    for short in shorts:
        call = definition.call(draw, layer, short)
        calls.append(call)
        train.append(False)
        if short.keys > length and candidate.kata.entry.mask is not None:
            mask = _long(definition, draw, definition.span(layer, short), square=True)
            calls.append(definition.under(layer, call, mask))
            train.append(False)
    for call, answer in zip(calls, layer.each(*calls, train=train), strict=True):
        assert_rows(definition, draw, answer, layer.returned(call))


@claim("robustness")
def long_holds(definition: Definition, candidate: Candidate, draw: Draw, *, sizes: Sizes) -> None:
    """A call of these `sizes` is answered rightly, as far as some of its rows tell."""
    layer = sharp(definition, candidate)
    call = definition.call(draw, layer, sizes)
    assert_rows(definition, draw, layer.each(call)[0], layer.returned(call))


def _long(definition: Definition, draw: Draw, span: tuple[int, ...], *, square: bool) -> Tensor:
    """A square mask, or padding: both hide keys behind the last whole block."""
    padding = (span[0], *[1] * (len(span) - 2), span[-1])
    mask = definition.mask(draw, *(span[-2:] if square else padding))
    mask[..., -3:] = False
    return mask


def assert_rows(definition: Definition, draw: Draw, answer: Answer, shape: tuple[int, ...]) -> None:
    """Some rows of a long answer are true: to compare all takes longer than to compute them."""
    assert_shape(answer, shape)
    length = shape[-2]
    ends = torch.cat([torch.arange(min(3, length)), torch.arange(max(length - 9, 0), length)])
    some = torch.randint(0, length, (SAMPLED,), generator=draw.generator)
    rows = torch.cat([ends, some])
    got, far = answer.output[..., rows, :], definition.reach(answer.call.arguments)

    def wrong_by(way: Definition) -> Tensor:
        truth = way.true(answer, rows=rows)
        theirs = answer if way is definition else answer.unaided()
        return beyond(theirs, got, truth, lambda plain: plain.output[..., rows, :], scores=far)

    wrong = min(map(wrong_by, definition.ways), key=lambda places: int(places.sum()))
    if bool(wrong.any()):
        places = wrong.reshape(-1, *wrong.shape[-2:]).any(0).any(-1)
        token = int(rows[places][0])
        raise refuse(f"of {length} tokens, what number {token} returns is wrong", answer)


def sharp(definition: Definition, candidate: Candidate) -> Layer:
    """A layer whose tokens attend to a few others, however many there are: scores of about ±2."""
    layer = definition.layer(candidate, Sizes(heads=1, width=2))
    for role, gain in (("query", 2.0), ("key", 1.0)):
        if role in layer.weights:
            layer.choose(role, gain * torch.eye(*layer.weights[role].weight.shape))
    return layer


@counted
def memory(definition: Definition, memory: Any) -> None:
    """Takes no more memory than the budget, in its largest tensor and in all at one time."""
    memory(**definition.fixed)


@timed
def budget(definition: Definition, race: Any, draw: Draw) -> None:
    """Takes no more time than the budget, for short, long and wide inputs."""
    kata = race.kata
    for name, sizes in courses(kata.entry.meaning("heads") is not None):
        plan = Plan(kata, definition.construction(kata, sizes))
        race(name, _in_turn(definition, draw, plan, sizes), definition, **plan.construct)
    race.count(**definition.fixed)


def courses(has_heads: bool) -> list[tuple[str, Sizes]]:
    """Where to race: sizes that are large in one way each, so that a loop over that way shows.

    Scores take 256 KB at most: beyond that page faults make right code read anything.
    """
    found = [
        ("many short sequences", Sizes((256, 2), 4, 4, heads=2, width=2, value=4)),
        ("a long sequence", Sizes((1,), 256, 256, heads=1, width=4, value=4, shared=1)),
        ("wide vectors", Sizes((1,), 256, 256, heads=1, width=64, value=64, shared=1)),
    ]
    return [*found, ("many heads", Sizes((1,), 4, 4, heads=96, width=1))] if has_heads else found


def _in_turn(definition: Definition, draw: Draw, plan: Plan, sizes: Sizes) -> Any:
    """Fresh arguments of one call after another: with a mask, where there is one, every other."""
    masked = [False]

    def make() -> Call:
        call = definition.call(draw, plan, sizes)
        masked[0] = not masked[0]
        if plan.kata.entry.mask is None or masked[0]:
            return call
        return definition.under(plan, call, definition.mask(draw, *definition.span(plan, sizes)))

    return make


# --- what a senior interviewer asks next --------------------------------------------------------


@claim("numerics", stretch=True)
def double(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """float64 in gives float64 out, also of a layer that was used in float32 before."""
    _in_dtypes(definition, candidate, draw, torch.float64)


@claim("numerics", stretch=True)
def half(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """float16 and bfloat16 stay what they are, as exact as the dtype allows, in training too."""
    _in_dtypes(definition, candidate, draw, torch.float16, torch.bfloat16)


def _in_dtypes(
    definition: Definition, candidate: Candidate, draw: Draw, *dtypes: torch.dtype
) -> None:
    """The same calls in float32, in these dtypes, and in float32 again."""
    sizes = Sizes((2, 3), 5, 7, heads=2, width=5)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    masks = definition.masks(draw, layer, sizes, hiding=True)
    asked = []
    for dtype in (torch.float32, *dtypes, torch.float32):
        now = layer.to(dtype)
        cast = {n: t.to(dtype) if isinstance(t, Tensor) else t for n, t in call.items()}
        asked += [(now, cast), (now, cast)]
        for number, mask in enumerate(masks[::3] if dtype is not torch.float32 else ()):
            given = mask.to(dtype) if number % 2 == 1 else mask
            asked.append((now, definition.under(layer, cast, given)))
    definition.agree(candidate.in_turn(*asked, train=alternately(asked[0][0], len(asked))))


@claim("robustness", stretch=True)
def strided(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """Transposed, strided inputs and masks give the same output."""
    sizes = Sizes((2, 3), 5, 7, heads=2, width=4)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    calls = []
    for turn in range(2):
        turned = {n: _turned(t, turn) if isinstance(t, Tensor) else t for n, t in call.items()}
        calls.append(turned)
        if layer.kata.entry.mask is not None:
            mask = definition.mask(draw, *definition.span(layer, sizes))
            calls.append(definition.under(layer, turned, _turned(mask, turn)))
    definition.holds(layer, *calls)


def _turned(tensor: Tensor, turn: int) -> Tensor:
    """The same values, lying in memory in the order of other axes."""
    order = list(range(tensor.dim()))
    order = order[::-1] if turn == 0 else [1, 0, *order[2:]]
    back = [order.index(n) for n in range(tensor.dim())]
    return tensor.permute(order).contiguous().permute(back)


READS_VALUES = ("item() cannot be called", "nonzero()", "aten::equal", "unsupported scalarType")
"""How torch says that values are read (or a mode entered) that `meta` has not got."""


@claim("robustness", stretch=True)
def no_device(definition: Definition, candidate: Candidate, draw: Draw) -> None:
    """On torch's `meta` device, which only follows shapes, the same code gives the same shape.

    Code that reads values (an assertion, a guard against NaN) cannot run there. It runs on the CPU,
    where what is made without naming a device is on `meta` and does not go together with the rest.
    """
    sizes = Sizes((2,), 3, 5, heads=2, width=3)
    layer = definition.layer(candidate, sizes, rate=0.3)
    call = definition.call(draw, layer, sizes)
    calls = [call]
    calls += [definition.under(layer, call, m) for m in definition.masks(draw, layer, sizes)[:1]]
    modes = [*[False] * len(calls), *[True] * len(calls)]
    try:
        answers = layer.each(*calls, *calls, train=modes, device="meta")
    except Fault as fault:
        if not any(words in fault.message for words in READS_VALUES):
            raise
        answers = layer.each(*calls, *calls, train=modes, apart=True)
    for answer in answers:
        assert_shape(answer, layer.returned(call))
