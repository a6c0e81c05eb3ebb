"""What a submission is asked so that one thing shows at a time: small calls, from simple to whole.

Each probe is built from the axes and readers that `kata.toml` declares, with sizes that all differ.
It says which aspects can show in it, the likeliest first; what comes before it holds others still:
with one token only the way of the values shows, with scores of zero the weights are even whatever
their scale, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.diagnosis.settings import (
    OTHER_HEADS,
    OTHER_WIDTH,
    Setting,
    can_be_even,
    even_inputs,
    loud,
    masked,
    quiet,
    setting,
    some,
)
from grader.exchange.layout import Layout
from grader.exchange.request import After, Call, Request
from grader.kata.axes import LEAD, Axes
from grader.kata.kata import Kata

SIZES = {"B": 4, "L": 5, "S": 6}
"""Of the first setting; lengths, batch, heads, widths, their halves and their roots all differ."""
OTHERS = {"B": 2, "L": 8, "S": 11}
SPREAD = 6.0
HUGE = 250.0
"""Inputs times this give scores beyond 10⁵, which no fill of −10⁵ hides a key beside."""
LONG = 1260
"""Longer than the usual buffers of 64, 512 and 1024, and divisible by whatever lengths may be."""
RATE = 0.3


@dataclass(frozen=True)
class Probe:
    """One request, and the aspects that can show in its answers."""

    name: str
    request: Request
    aspects: tuple[str, ...]
    group: str
    """Probes that show the same things in another setting: most of them are enough to be sure."""
    needs: tuple[str, ...] = ()
    """Probes without whose explanation this one has none."""


def probes(kata: Kata, layout: Layout, draw: Draw) -> Iterator[Probe]:
    """All of them, in the order in which their answers are explained.

    Where nothing attends, anything may show in any call.
    """
    for probe in _probes(kata, layout, draw):
        yield probe if kata.entry.reads else replace(probe, aspects=("", *probe.aspects))


def _probes(kata: Kata, layout: Layout, draw: Draw) -> Iterator[Probe]:
    plain = setting(kata, layout, draw, SIZES)
    other = setting(kata, layout, draw, OTHERS, heads=OTHER_HEADS, width=OTHER_WIDTH, lead=(2, 3))
    other = replace(other, more=1)
    yield from _values(kata, layout, draw, plain, other)
    yield from _scores(draw, plain, other)
    yield from _options(draw, plain, other)
    if kata.entry.mask is not None:
        yield from _masks(draw, plain, other)
    yield from _numbers(draw, plain)
    yield from _gradients(draw, plain)
    yield from _training(draw, plain)
    yield from _state(draw, plain)
    yield from _length(kata, layout, draw)


def _values(
    kata: Kata, layout: Layout, draw: Draw, plain: Setting, other: Setting
) -> Iterator[Probe]:
    """One token attends to itself alone; with scores of zero all that is seen counts alike.

    One token's query is zero as well: a softmax over heads or examples compares its scores.
    """
    one = {**SIZES, "B": 2, "L": 1, "S": 1}
    single = setting(kata, layout, draw, one)
    second = setting(
        kata, layout, draw, {**one, "B": 1}, heads=OTHER_HEADS, width=OTHER_WIDTH, lead=(1, 3)
    )
    show: tuple[str, ...] = (
        "hands",
        "dtype",
        "heads",
        "asks",
        "visibility",
        "sums",
        "precision",
        "",
    )
    for name, place in (("one token", single), ("one token of one", second)):
        request = quiet(place, ("query",)).request(Call(place.inputs(draw)))
        yield Probe(name, request, show, "values")
    if not can_be_even(plain):
        return
    show = ("visibility", "heads", "hands", "sums", "scores", "asks", "precision", "")
    for name, place in (("even weights", quiet(plain)), ("even weights again", quiet(other))):
        request = place.request(Call(even_inputs(place, draw)))
        yield Probe(name, request, show, "even", ("one token",))


def _scores(draw: Draw, plain: Setting, other: Setting) -> Iterator[Probe]:
    aspects: tuple[str, ...] = ("scale", "sums", "scores", "asks", "visibility", "heads", "hands")
    aspects = (*aspects, "numbers", "precision", "")
    yield Probe(
        "no mask",
        plain.request(Call(plain.inputs(draw))),
        aspects,
        "scores",
        ("one token", "even weights"),
    )
    yield Probe(
        "other sizes",
        other.request(Call(other.inputs(draw))),
        aspects,
        "scores",
        ("no mask",),
    )
    yield Probe(
        "spread scores",
        loud(plain, SPREAD).request(Call(plain.inputs(draw, scale=SPREAD))),
        ("scores", "sums", "scale", "numbers", "fill"),
        "scores",
        ("no mask",),
    )


def _options(draw: Draw, plain: Setting, other: Setting) -> Iterator[Probe]:
    """Calls that say something an option's default does not: each alone, then all together.

    Each at lengths that no call had before: what is kept from one of those shows elsewhere.
    """
    for number, name in enumerate(_told(plain)):
        place = _longer(plain, 3 * number + 5)
        yield _optional(f"with {name}", place, {name: _told(place)[name]}, draw)
    if _told(other):
        place = _longer(other, 4)
        yield _optional("all options", place, _told(place), draw)


def _longer(place: Setting, more: int) -> Setting:
    """The setting with so many rows more."""
    rows = [word for word, kind in place.kata.entry.kinds.items() if kind == "rows"]
    longer = {word: place.sizes[word] + more for word in rows if word in place.sizes}
    return replace(place, sizes={**place.sizes, **longer})


def _told(place: Setting) -> dict[str, Any]:
    """What options are given in a setting, where more than a default is known of them."""
    found: dict[str, Any] = {}
    for option in (p for p in place.kata.entry.call if not (p.required or p.mask)):
        if option.dtype and option.axes:
            found[option.name] = place.counted(option).flip(-1) * 2 + 3
        elif option.probe is not None:
            found[option.name] = option.probe
    return found


def _optional(name: str, place: Setting, given: Mapping[str, Any], draw: Draw) -> Probe:
    shown = ("", "scale", "sums", "scores", "asks", "visibility", "heads", "hands", "numbers")
    request = place.request(Call({**place.inputs(draw), **given}))
    return Probe(name, request, shown, "options", ("no mask",))


def _masks(draw: Draw, plain: Setting, other: Setting) -> Iterator[Probe]:
    parameter = plain.kata.entry.mask
    assert parameter is not None
    full = Axes.parse(parameter.axes)
    whole, square = plain.shape(full), plain.shape(full)[-2:]
    aspects = ("empty", "mask", "fill", "visibility", "sums", "scale", "scores", "heads", "")

    def probe(name: str, mask: Tensor, place: Setting = plain) -> Probe:
        need = "no mask" if place is plain else "other sizes"
        return Probe(name, given(mask, place), aspects, "masks", (need,))

    def given(mask: Tensor, place: Setting = plain, scale: float = 1.0) -> Request:
        call = Call({**place.inputs(draw, scale), parameter.name: mask})
        return loud(place, scale).request(call)

    def drawn(*shape: int) -> Tensor:
        return some(draw, shape, full)

    yield probe("mask for all", drawn(*square))
    yield probe("mask for each", drawn(*other.shape(full)), other)
    yield probe("mask of floats", drawn(*whole).float())
    yield probe("mask of whole numbers", drawn(*whole).long())
    yield probe("mask of ones", torch.ones(whole, dtype=torch.bool))
    if len(whole) > 2:
        yield probe("padding", drawn(whole[0], *(1,) * (len(whole) - 2), whole[-1]))
    empty = drawn(*whole)
    empty[..., 1, :] = False
    needs = ("mask for all",)
    show = ("empty", "fill", "mask", "")
    yield Probe("a row that sees nothing", given(empty), show, "empty", needs)
    for name, scale in (("spread", SPREAD), ("huge", HUGE)):
        request = given(drawn(*whole), scale=scale)
        show = ("fill", "numbers", "empty", "mask")
        yield Probe(f"mask beside {name} scores", request, show, "fill", needs)


def _numbers(draw: Draw, plain: Setting) -> Iterator[Probe]:
    yield Probe(
        "huge scores",
        loud(plain, HUGE).request(Call(plain.inputs(draw, scale=HUGE))),
        ("numbers", "scores", "sums", "fill"),
        "numbers",
        ("no mask",),
    )


def _gradients(draw: Draw, plain: Setting) -> Iterator[Probe]:
    call = Call(plain.inputs(draw), cotangent=plain.cotangent(draw))
    yield Probe(
        "gradient",
        plain.request(call),
        ("gradient", "inputs", "numbers", "asks", ""),
        "gradients",
        ("no mask",),
    )
    mask = masked(plain, draw)
    if mask:
        given = plain.inputs(draw) | mask
        yield Probe(
            "gradient under a mask",
            plain.request(Call(given, cotangent=plain.cotangent(draw))),
            ("gradient", "fill", "numbers", "mask", ""),
            "gradients",
            ("gradient", "mask for all"),
        )


def _training(draw: Draw, plain: Setting) -> Iterator[Probe]:
    rate = plain.kata.entry.meaning("dropout")
    construct = dict(plain.construct)
    if rate is not None and rate in construct:
        construct[rate] = RATE
    place = replace(plain, construct=construct)
    given = place.inputs(draw)
    for name, mode in (("in eval mode", "eval"), ("in training", "train")):
        call = Call(given, mode=mode, seed=0)
        yield Probe(name, place.request(call), ("dropout", "hands", ""), "dropout", ("no mask",))


def _state(draw: Draw, plain: Setting) -> Iterator[Probe]:
    first, second = (plain.inputs(draw) | masked(plain, draw) for _ in range(2))
    told = [first | {name: value} for name, value in _told(plain).items()]
    turns = [first, second, first, *(call for given in told for call in (given, first))]
    calls = [Call(given, keep_inputs=True) for given in turns]
    calls += [Call(first, keep_inputs=True, seed=0)] * 2
    needs = ("mask for all",) if plain.kata.entry.mask is not None else ("no mask",)
    aspects = ("state", "inputs", "mask", "")
    yield Probe("call after call", plain.request(*calls), aspects, "state", needs)
    for kind, dtype in (("float", torch.float32), ("whole", torch.int64)):
        given = {name: mask.to(dtype) for name, mask in masked(plain, draw).items()}
        if given:
            call = Call({**plain.inputs(draw), **given}, keep_inputs=True)
            name = f"{kind} mask afterwards"
            yield Probe(name, plain.request(call), ("inputs", "mask", ""), "afterwards", needs)
    if plain.kata.entry.state:
        yield from _continued(draw, plain)


def _continued(draw: Draw, plain: Setting) -> Iterator[Probe]:
    """Calls that go on from others: chunk after chunk, by single rows, and twice from the same."""
    turns = {
        "in chunks": ((3, None), (4, 0), (2, 1)),
        "by single rows": ((4, None), (1, 0), (1, 1), (1, 2)),
        "from nothing by rows": ((1, None), (1, 0), (1, 1)),
        "twice from the same": ((3, None), (2, 0), (2, 0), (1, 1), (1, 2), (3, None), (1, 0)),
    }
    show = ("", "state", "visibility", "asks", "hands", "heads", "scores", "sums", "scale")
    for name, turn in turns.items():
        calls = [Call(_in_turn(plain, draw, rows, before)) for rows, before in turn]
        yield Probe(name, plain.request(*calls), show, "continued", ("no mask",))


def _in_turn(place: Setting, draw: Draw, rows: int, before: int | None) -> dict[str, Any]:
    kinds = place.kata.entry.kinds
    sizes = {word: rows for word in place.sizes if kinds.get(word) == "rows"}
    given = replace(place, sizes={**place.sizes, **sizes}).inputs(draw)
    return given if before is None else given | {place.kata.entry.state: After(before)}


def _length(kata: Kata, layout: Layout, draw: Draw) -> Iterator[Probe]:
    sizes = {"B": 1, "L": 3, "S": LONG}
    words = {w for axes in kata.entry.axes.values() for w in axes.words}
    if "L" not in words and LEAD not in words:
        sizes = {"B": 1, "S": LONG}
    long = setting(kata, layout, draw, sizes, heads=1, width=4, lead=())
    even = quiet(long)
    request = even.request(Call(even_inputs(even, draw)))
    yield Probe("a long sequence", request, ("length", "visibility"), "length", ("even weights",))
