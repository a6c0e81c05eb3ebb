"""Look inside: with the identity as value, attention returns its weights.

A function is given the identity as `value`. A layer is given x with a one-hot position beside the
noise, a value projection that reads only that, and the identity as output projection: what comes
out is the matrix of attention weights, head by head. From it follow the facts a report shows: what
the weights sum to, how the scores were scaled, what hidden keys still get.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.kata import ROLES, Kata
from grader.report.verdict import Fault, Heatmap

KEYS, WIDTH, HEADS = 6, 8, 2
"""As many queries as keys; of a layer, the width of a head."""
Ask = Callable[[Request], Sequence[Answer]]


@dataclass(frozen=True)
class XRay:
    """Attention weights (L, S) of a submission and of the truth, on one input, and its scores."""

    weights: Tensor
    truth: Tensor
    scores: Tensor
    """QKᵀ, not scaled."""
    width: int
    """The d_k (or head_dim) the scores have to be scaled by the root of."""
    mask: Tensor | None


def look(
    kata: Kata, layout: Layout, ask: Ask, truth: Ask, draw: Draw, *, masked: bool
) -> XRay | None:
    """X-ray a submission; None where its kata or its answer cannot be looked into."""
    if set(kata.entry.reads) != set(ROLES):
        return None
    mask = kata.entry.mask
    visible = draw.mask(KEYS, KEYS, visible=0.55) if masked and mask is not None else None
    prepared = _layer(kata, layout, draw) if kata.entry.is_module else _function(kata, draw)
    if prepared is None:
        return None
    request, scores, width = prepared
    if mask is not None and visible is not None:
        arguments = {**request.calls[0].arguments, mask.name: visible}
        request = replace(request, calls=(Call(arguments),))
    try:
        seen, true = (side(request)[0].output for side in (ask, truth))
    except Fault:
        return None
    if seen.shape != true.shape:
        return None
    keys = seen.reshape(-1, KEYS, seen.shape[-1])[0][:, :KEYS].double()
    right = true.reshape(-1, KEYS, true.shape[-1])[0][:, :KEYS].double()
    return XRay(keys, right, scores, width, visible)


def _function(kata: Kata, draw: Draw) -> tuple[Request, Tensor, int]:
    """A call whose value is the identity, so that each output row is a row of weights."""
    entry = kata.entry
    query, key, value = (entry.axes[entry.reads[role]] for role in ROLES)
    sizes = {word: 1 for axes in entry.axes.values() for word in axes.words}
    sizes |= {query.words[-2]: KEYS, key.words[-2]: KEYS, value.words[-1]: KEYS}
    sizes |= {query.words[-1]: WIDTH}  # also value's, where the kata has one width for all
    arguments: dict[str, Any] = {p.name: p.sample for p in entry.call if p.required}
    asked, compared = draw(*query.shape(sizes)), draw(*key.shape(sizes))
    shape = value.shape(sizes)
    arguments |= {
        entry.reads["query"]: asked,
        entry.reads["key"]: compared,
        entry.reads["value"]: torch.eye(*shape[-2:]).expand(shape),
    }
    scores = asked.reshape(KEYS, WIDTH) @ compared.reshape(KEYS, WIDTH).T
    return Request({}, {}, (Call(arguments),)), scores.double(), WIDTH


def _layer(kata: Kata, layout: Layout, draw: Draw) -> tuple[Request, Tensor, int] | None:
    """A layer whose value projection reads one-hot positions, and hands them through."""
    entry, roles = kata.entry, set(kata.roles)
    construct = kata.construction(HEADS, WIDTH)
    if not set(ROLES) <= roles or construct is None:
        return None
    shapes = kata.shapes(construct)
    dim = shapes["value"][1]
    if any(width != dim or out % WIDTH for out, width in shapes.values()):
        return None
    tokens = {entry.reads[role]: torch.cat([draw(KEYS, dim - KEYS), torch.eye(KEYS)], -1)
              for role in ROLES}  # fmt: skip
    reading = torch.zeros(shapes["value"][0] // WIDTH, WIDTH, dim)
    reading[:, :KEYS, -KEYS:] = torch.eye(KEYS)
    weights = draw.weights(shapes, [r for r in roles if layout.biased(r)])
    weights["value"] = _unbiased(weights["value"], reading.flatten(0, 1))
    if "output" in weights:
        weights["output"] = _unbiased(weights["output"], torch.eye(*shapes["output"]))
    query, key = (_project(tokens[entry.reads[r]], weights[r])[:, :WIDTH] for r in ("query", "key"))
    call = Call({name: x[None] for name, x in tokens.items()})
    return Request(construct, weights, (call,)), (query @ key.T).double(), WIDTH


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
    scale = effective_scale(xray)
    if scale is not None:
        expected = 1 / math.sqrt(xray.width)
        if abs(scale - expected) > 0.02 * expected:
            right = f"1/√{xray.width} = {expected:.3g}"
            where = f"in a call whose queries are {xray.width} wide"
            said.append(f"the scores are multiplied by {scale:.3g}, expected {right}, {where}")
    return tuple(said)


def differ(xray: XRay) -> bool:
    """Whether the weights seen are not the true ones."""
    return not torch.allclose(xray.weights, xray.truth, atol=1e-4)


def effective_scale(xray: XRay) -> float | None:
    """The factor between QKᵀ and the log-weights, or None where they are not proportional.

    Regression with an offset of its own for every row, over the visible keys.
    """
    seen = torch.ones_like(xray.scores, dtype=torch.bool) if xray.mask is None else xray.mask
    usable = seen & (xray.weights > 1e-12)
    if not bool((xray.weights[seen] > 0).all()):
        return None
    counts = usable.sum(-1, keepdim=True).clamp(min=1)

    def centred(values: Tensor) -> Tensor:
        kept = torch.where(usable, values, 0.0)
        return torch.where(usable, values - kept.sum(-1, keepdim=True) / counts, 0.0)

    x, y = centred(xray.scores), centred(xray.weights.clamp(min=1e-12).log())
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
