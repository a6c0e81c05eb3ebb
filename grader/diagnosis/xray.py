"""Look inside: with the identity as value, attention returns its weights.

A function is given the identity as `value`. A layer is given x with a one-hot position beside the
noise, a value projection that reads only that, and the identity as output projection: what comes
out is the matrix of attention weights, head by head. From it follow the facts a report shows: what
the weights sum to, how the scores were scaled, what hidden keys still get.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.entry_point import ROLES
from grader.kata.kata import Kata
from grader.report.verdict import Fault, Heatmap

KEYS, WIDTH, HEADS = 6, 8, 2
"""As many queries as keys; of a layer, the width of a head."""
LEGIBLE = 4
"""So many more weights than rows have to be other than 0: fewer follow any law."""
Ask = Callable[[Request], Sequence[Answer]]
Sides = tuple[Tensor, Tensor]
Made = tuple[Request, Sides | None]
"""What is asked, with the queries and keys that it will compare, where products compare them."""


@dataclass(frozen=True)
class XRay:
    """Attention weights (L, S) of a submission and of the truth, on one input, and its scores."""

    weights: Tensor
    truth: Tensor
    scores: Tensor
    """QKᵀ, not scaled; zeros where no product compares them."""
    width: int
    """The d_k (or head_dim) the scores have to be scaled by the root of."""
    mask: Tensor | None
    sides: Sides | None = None
    """Queries and keys (L and S, width), as far as they are known."""


@dataclass(frozen=True)
class Prepared:
    """A request whose answer is a matrix of attention weights, and what goes in."""

    request: Request
    sides: Sides | None
    width: int
    mask: Tensor | None = None
    nothing: Call = field(default_factory=lambda: Call({}))
    """The same with values of zero, and no mask."""

    @property
    def beside_nothing(self) -> Request:
        """The call and then the same with values of zero: what is only added cancels between."""
        return replace(self.request, calls=(*self.request.calls, self.nothing))

    def seen(self, answer: Tensor, truth: Tensor) -> XRay | None:
        """The weights in an answer beside the true ones; None where it has not their shape."""
        if answer.shape != truth.shape:
            return None
        weights, right = (
            output.reshape(-1, KEYS, output.shape[-1])[0][:, :KEYS].double()
            for output in (answer, truth)
        )
        if self.sides is None:
            return XRay(weights, right, torch.zeros_like(right), self.width, self.mask)
        query, key = (side.double() for side in self.sides)
        return XRay(weights, right, query @ key.T, self.width, self.mask, (query, key))


def prepare(
    kata: Kata,
    layout: Layout,
    draw: Draw,
    *,
    masked: bool = False,
    width: int = WIDTH,
    strength: float = 1.0,
) -> Prepared | None:
    """What to ask to see the weights; None where a kata cannot be looked into.

    strength: what the queries are multiplied with; small, no weight is lost beside others.
    """
    if set(kata.entry.reads) != set(ROLES):
        return None
    mask = kata.entry.mask
    visible = draw.mask(KEYS, KEYS, visible=0.55) if masked and mask is not None else None
    if kata.entry.is_module and "value" not in kata.roles:
        make = _handing(kata, layout, draw, width)
    elif kata.entry.is_module:
        make = _layer(kata, layout, draw, width, strength)
    else:
        make = _function(kata, draw, width, strength)
    if make is None:
        return None
    request, sides = make
    nothing = _of_nothing(kata, request)
    if mask is not None and visible is not None:
        arguments = {**request.calls[0].arguments, mask.name: visible}
        request = replace(request, calls=(Call(arguments),))
    return Prepared(request, sides, width, visible, nothing)


def _of_nothing(kata: Kata, request: Request) -> Call:
    """The request's call, when all values are zero."""
    (call,) = request.calls
    if "value" in request.weights:
        value = request.weights["value"]
        zero = _unbiased(value, torch.zeros_like(value.weight))
        return Call(call.arguments, weights={**request.weights, "value": zero})
    name = kata.entry.reads["value"]
    return Call({**call.arguments, name: torch.zeros_like(call.arguments[name])})


def look(
    kata: Kata, layout: Layout, ask: Ask, truth: Ask, draw: Draw, *, masked: bool
) -> XRay | None:
    """X-ray a submission; None where its kata or its answer cannot be looked into."""
    prepared = prepare(kata, layout, draw, masked=masked)
    if prepared is None:
        return None
    try:
        seen, true = (side(prepared.request)[0].output for side in (ask, truth))
    except Fault:
        return None
    return prepared.seen(seen, true)


def _function(kata: Kata, draw: Draw, width: int, strength: float) -> Made:
    """A call whose value is the identity, so that each output row is a row of weights.

    Where one argument plays all parts its tokens begin with the identity, and noise tells them
    apart: so the output begins with the weights.
    """
    entry = kata.entry
    query, key, value = (entry.axes[entry.reads[role]] for role in ROLES)
    sizes = {word: 1 for axes in entry.axes.values() for word in axes.words}
    sizes |= {query.words[-2]: KEYS, key.words[-2]: KEYS, value.words[-1]: KEYS}
    sizes |= {query.words[-1]: width}  # also value's, where the kata has one width for all
    arguments: dict[str, Any] = {p.name: p.sample for p in entry.call if p.required}
    asked, compared = strength * draw(*query.shape(sizes)), draw(*key.shape(sizes))
    handed = torch.eye(*value.shape(sizes)[-2:]).expand(value.shape(sizes))
    if len({*entry.reads.values()}) == 1:
        asked[..., :KEYS] = torch.eye(KEYS)
        compared = handed = asked
    arguments |= dict(zip((entry.reads[r] for r in ROLES), (asked, compared, handed), strict=True))
    sides = (asked.reshape(KEYS, width), compared.reshape(KEYS, width))
    return Request({}, {}, (Call(arguments),)), sides


def _handing(kata: Kata, layout: Layout, draw: Draw, width: int) -> Made | None:
    """A layer that hands values over as they are: given the identity, it returns its weights."""
    entry = kata.entry
    construct = kata.construction(HEADS, width)
    if construct is None or len({*entry.reads.values()}) < len(ROLES):
        return None
    sizes = {word: 1 for axes in entry.axes.values() for word in axes.words} | construct
    rows = (entry.axes[entry.reads[role]].words[-2] for role in ROLES)
    value = entry.axes[entry.reads["value"]]
    sizes |= dict.fromkeys((*rows, value.words[-1]), KEYS)
    shapes = kata.shapes(construct)
    weights = draw.weights(shapes, [role for role in shapes if layout.biased(role)])
    arguments = {entry.reads[role]: draw(*entry.axes[entry.reads[role]].shape(sizes))
                 for role in ROLES}  # fmt: skip
    arguments[entry.reads["value"]] = torch.eye(KEYS).expand(value.shape(sizes)).contiguous()
    return Request(construct, weights, (Call(arguments),)), None


def _layer(kata: Kata, layout: Layout, draw: Draw, width: int, strength: float) -> Made | None:
    """A layer whose value projection reads one-hot positions, and hands them through."""
    entry, roles = kata.entry, set(kata.roles)
    construct = kata.construction(HEADS, width)
    if not set(ROLES) <= roles or construct is None:
        return None
    shapes = kata.shapes(construct)
    dim = shapes["value"][1]
    if any(inner != dim or out % width for out, inner in shapes.values()):
        return None
    tokens = {entry.reads[role]: torch.cat([draw(KEYS, dim - KEYS), torch.eye(KEYS)], -1)
              for role in ROLES}  # fmt: skip
    reading = torch.zeros(shapes["value"][0] // width, width, dim)
    reading[:, :KEYS, -KEYS:] = torch.eye(KEYS)
    weights = draw.weights(shapes, [r for r in roles if layout.biased(r)])
    asking = weights["query"]
    bias = None if asking.bias is None else strength * asking.bias
    weights["query"] = Projection(strength * asking.weight, bias)
    weights["value"] = _unbiased(weights["value"], reading.flatten(0, 1))
    if "output" in weights:
        weights["output"] = _unbiased(weights["output"], torch.eye(*shapes["output"]))
    query, key = (_project(tokens[entry.reads[r]], weights[r])[:, :width] for r in ("query", "key"))
    call = Call({name: x[None] for name, x in tokens.items()})
    return Request(construct, weights, (call,)), (query, key)


def _unbiased(old: Projection, weight: Tensor) -> Projection:
    return Projection(weight, None if old.bias is None else torch.zeros_like(old.bias))


def _project(x: Tensor, projection: Projection) -> Tensor:
    return torch.nn.functional.linear(x, projection.weight, projection.bias)


def facts(xray: XRay) -> tuple[str, ...]:
    """What the weights say, one line each, only where it differs from the truth."""
    weights, truth = xray.weights, xray.truth
    if not bool(torch.isfinite(weights).all()):
        return ("some attention weights are not finite",)
    if not differ(xray):
        return ()
    said = []
    rows, columns = weights.sum(-1), weights.sum(-2)
    if not torch.allclose(rows, truth.sum(-1), atol=1e-3):
        line = f"each query's weights sum to {_range(rows)} over the keys, expected 1"
        if torch.allclose(columns, torch.ones_like(columns), atol=1e-3):
            line += "; over the queries they sum to 1"
        said.append(line)
    if xray.mask is not None:
        hidden = weights[~xray.mask]
        most = float(hidden.abs().max())
        if most > 1e-4:
            said.append(f"hidden keys get up to {most:.0%} of a query's attention, expected 0")
    return (*said, *_scaled(xray))


def _scaled(xray: XRay) -> tuple[str, ...]:
    """How the scores were scaled, where both sides' are products and a factor, and they differ."""
    scale, expected = effective_scale(xray), effective_scale(replace(xray, weights=xray.truth))
    if scale is None or expected is None or abs(scale - expected) <= 0.02 * expected:
        return ()
    usual = abs(expected * math.sqrt(xray.width) - 1) < 0.02
    right = f"1/√{xray.width} = {expected:.3g}" if usual else f"{expected:.3g}"
    where = f"in a call whose queries are {xray.width} wide"
    return (f"the scores are multiplied by {scale:.3g}, expected {right}, {where}",)


def differ(xray: XRay) -> bool:
    """Whether the weights seen are not the true ones."""
    return not torch.allclose(xray.weights, xray.truth, atol=1e-4)


def effective_scale(
    xray: XRay,
    scores: Tensor | None = None,
    *,
    over: int = -1,
    swapped: bool = False,
    seen: Tensor | None = None,
) -> float | None:
    """The factor between QKᵀ and the log-weights, or None where they are not proportional.

    scores: what may be in the place of QKᵀ. seen: what is looked at, if not what should be visible.

    Regression with an offset of its own for every row, or for every column where the weights are
    normalised `over` the queries (−2), over the visible keys; `swapped` against KQᵀ. The weights
    are transposed altogether where both are so.
    """
    scores = xray.scores if scores is None else scores
    scores = scores.T if swapped else scores
    if seen is None:
        seen = (xray.truth.T if swapped and over == -2 else xray.truth) > 1e-12
    usable = seen & (xray.weights > 1e-12)
    if int(usable.sum()) < usable.size(over) + LEGIBLE or bool((xray.weights < -1e-6).any()):
        return None
    counts = usable.sum(over, keepdim=True).clamp(min=1)

    def centred(values: Tensor) -> Tensor:
        kept = torch.where(usable, values, 0.0)
        return torch.where(usable, values - kept.sum(over, keepdim=True) / counts, 0.0)

    x, y = centred(scores), centred(xray.weights.clamp(min=1e-12).log())
    variance = float((x * x).sum())
    if variance < 1e-9:
        return None
    slope = float((x * y).sum()) / variance
    residual = float(((y - slope * x) ** 2).sum())
    return slope if residual < 1e-4 * max(float((y * y).sum()), 1e-9) else None


def heatmap(xray: XRay, caption: str) -> Heatmap:
    """The two matrices as plain numbers."""

    def rows(tensor: Tensor) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(v) for v in row) for row in tensor)

    return Heatmap(rows(xray.weights), rows(xray.truth), caption)


def _range(values: Tensor) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.3f}" if high - low < 5e-4 else f"{low:.3f}–{high:.3f}"
