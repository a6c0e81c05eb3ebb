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

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout, Projection
from grader.exchange.request import Call, Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault, Heatmap

QUERIES, KEYS, WIDTH, HEADS = 6, 6, 8, 2
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
    names = [p.name for p in kata.entry.call]
    has_mask = any("mask" in n for n in names)
    mask = draw.mask(QUERIES, KEYS, visible=0.55) if masked and has_mask else None
    prepared = _function(names, draw) if not kata.entry.is_module else _layer(kata, layout, draw)
    if prepared is None:
        return None
    request, scores, width = prepared
    if mask is not None:
        arguments = dict(request.calls[0].arguments)
        arguments[next(n for n in names if "mask" in n)] = mask
        request = replace(request, calls=(Call(arguments),))
    try:
        seen, true = (side(request)[0].output for side in (ask, truth))
    except Fault:
        return None
    if seen.shape != true.shape:
        return None
    keys = seen.reshape(-1, QUERIES, seen.shape[-1])[0][:, :KEYS].double()
    right = true.reshape(-1, QUERIES, true.shape[-1])[0][:, :KEYS].double()
    return XRay(keys, right, scores, width, mask)


def _function(names: Sequence[str], draw: Draw) -> tuple[Request, Tensor, int] | None:
    if names[:3] != ["query", "key", "value"]:
        return None
    query, key = draw(QUERIES, WIDTH), draw(KEYS, WIDTH)
    arguments = {"query": query, "key": key, "value": torch.eye(KEYS)}
    return Request({}, {}, (Call(arguments),)), (query @ key.T).double(), WIDTH


def _layer(kata: Kata, layout: Layout, draw: Draw) -> tuple[Request, Tensor, int] | None:
    roles = set(kata.roles)
    if not {"query", "key", "value"} <= roles or "hidden_dim" not in kata.entry.probe:
        return None
    heads = HEADS if "num_heads" in kata.entry.probe else 1
    head_dim = WIDTH
    dim = heads * head_dim
    construct = dict(kata.entry.probe) | {"hidden_dim": dim}
    if heads > 1:
        construct["num_heads"] = heads
    x = torch.cat([draw(KEYS, dim - KEYS), torch.eye(KEYS)], -1)
    reading = torch.zeros(heads, head_dim, dim)
    reading[:, :KEYS, -KEYS:] = torch.eye(KEYS)
    weights = draw.weights(dict.fromkeys(roles, (dim, dim)), [r for r in roles if layout.biased(r)])
    weights["value"] = _unbiased(weights["value"], reading.reshape(dim, dim))
    if "output" in weights:
        weights["output"] = _unbiased(weights["output"], torch.eye(dim))
    query, key = (_project(x, weights[r])[:, :head_dim] for r in ("query", "key"))
    first = next(p.name for p in kata.entry.call if p.required)
    request = Request(construct, weights, (Call({first: x[None]}),))
    return request, (query @ key.T).double(), head_dim


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
            said.append(f"the scores are multiplied by {scale:.3g}, expected {right}")
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
