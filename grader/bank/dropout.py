"""Dropout on attention weights, judged from outside: the weights are read back from the output.

An output row is its query's weights times (values through the output projection). Where the keys
of all heads together are clearly fewer than the output's features, that system has one solution,
so any layer shows the weights it used, and whether it used weights at all: a layer that drops
values, context or output instead gives rows that no weights explain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from grader.bank.claims import assert_shape, refuse
from grader.bank.truth import linear
from grader.exchange.answer import Answer

FALSE_ALARM = 1e-9
"""How often a right layer may fail one claim about frequencies, at most."""
LEGIBLE = 2e-3
"""Smaller weights are left out of count: reading them back is exact to about 1e-6."""
BLUR = 1e-4
"""Of weights read back: far above what float32 leaves uncertain, far below LEGIBLE."""
AXES = ("the passes of one layer", "the batch", "the heads", "the queries", "the keys")


def weights_of(answer: Answer, output: Tensor | None = None) -> Tensor:
    """The attention weights (B, H, L, S) behind an answer's output (B, L, D), in float64.

    `output` puts another output in its place, such as the true one. H·S has to be well below D,
    two thirds of it or less. Raises Fault where no weights explain the output.
    """
    output = answer.output if output is None else output
    rows, bias = _value_rows(answer)
    batch, heads, keys, _ = rows.shape
    basis = rows.flatten(1, 2)
    mixed = output.double() - bias
    flat: Tensor = mixed @ torch.linalg.pinv(basis)
    unexplained = (mixed - flat @ basis).abs().max()
    if not bool(unexplained <= BLUR * mixed.abs().max().clamp(min=1.0)):
        raise refuse(
            "the output is no weighted sum of the values: more than the weights was changed",
            answer,
        )
    return flat.reshape(batch, -1, heads, keys).transpose(1, 2)


def _value_rows(answer: Answer) -> tuple[Tensor, Tensor]:
    """What each key adds to an output at weight 1, (B, H, S, D), and what no weight changes (D)."""
    arguments, weights = answer.call.arguments, answer.request.weights
    value = linear(arguments.get("context", arguments["x"]), weights["value"])
    output, bias = weights["output"].weight.double(), weights["output"].bias
    heads = int(answer.request.construct.get("num_heads", 1))
    rows = torch.einsum(
        "bshd,ohd->bhso",
        value.reshape(*value.shape[:2], heads, -1),
        output.reshape(len(output), heads, -1),
    )
    return rows, torch.zeros((), dtype=torch.float64) if bias is None else bias.double()


def assert_weights_are_dropped(
    answers: Sequence[Answer], truths: Sequence[Tensor], rate: float
) -> None:
    """Training passes of one shape are their `truths`, the same layer's outputs without dropout,
    save that each attention weight is, on its own, 0 at this rate and else 1 / (1 − rate) as large.
    """
    read = [_thinned(answer, truth, rate) for answer, truth in zip(answers, truths, strict=True)]
    gone = torch.stack([dropped for dropped, _ in read])
    seen = torch.stack([plain > LEGIBLE for _, plain in read])
    _assert_frequency(answers[0], gone[seen], rate)
    _assert_independence(answers[0], gone, seen, rate)


def dropped_weights(answer: Answer, truth: Tensor, rate: float) -> Tensor:
    """Which weights (B, H, L, S) a training pass dropped; the others must have been rescaled.

    truth: what the same call gives without dropout. A weight that was 0 anyway counts as dropped.
    """
    return _thinned(answer, truth, rate)[0]


def _thinned(answer: Answer, truth: Tensor, rate: float) -> tuple[Tensor, Tensor]:
    """Which weights were dropped, and what all of them are without dropout; else a Fault."""
    assert_shape(answer, tuple(truth.shape))
    if not bool(torch.isfinite(answer.output).all()):
        raise refuse("values in training mode are not finite", answer)
    plain = weights_of(answer, truth)
    kept = weights_of(answer)
    gone = kept.abs() <= BLUR
    wrong = ~gone & ~((kept - plain / (1 - rate)).abs() <= BLUR)
    if bool(wrong.any()):
        raise refuse(_what_is_wrong(kept, plain, gone, rate), answer)
    return gone, plain


def _what_is_wrong(kept: Tensor, plain: Tensor, gone: Tensor, rate: float) -> str:
    """The best-fitting words for weights that are neither 0 nor rescaled."""
    if bool(((kept - plain).abs() <= BLUR).all()):
        return f"in training mode, at rate {rate:g}, nothing is dropped"
    if bool((gone | ((kept - plain).abs() <= BLUR)).all()):
        return f"surviving weights are not rescaled by 1 / (1 − {rate:g})"
    if bool(((kept.sum(-1) - 1).abs() <= BLUR).all()):
        return "in training mode weights still sum to 1: dropout came before the softmax"
    return f"surviving weights are not the weights of eval mode divided by 1 − {rate:g}"


def _assert_frequency(answer: Answer, gone: Tensor, rate: float) -> None:
    share = float(gone.double().mean())
    if abs(share - rate) > _margin(gone.numel()):
        raise refuse(
            f"{share:.0%} of the weights are dropped in training mode, at a rate of {rate:.0%}",
            answer,
        )


def _assert_independence(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """Two weights share their fate no more often than chance has it, along every axis."""
    chance = rate**2 + (1 - rate) ** 2
    for axis, what in enumerate(AXES):
        pairs = gone.shape[axis] // 2  # neighbours two by two: each weight counts once
        if not pairs:
            continue
        even, odd = 2 * torch.arange(pairs), 2 * torch.arange(pairs) + 1
        alike = gone.index_select(axis, even) == gone.index_select(axis, odd)
        alike = alike[seen.index_select(axis, even) & seen.index_select(axis, odd)]
        if abs(float(alike.double().mean()) - chance) > _margin(alike.numel()):
            raise refuse(
                f"dropout does not decide on each weight alone: its pattern repeats along {what}",
                answer,
            )


def _margin(n: int) -> float:
    """How far a frequency in n independent draws strays at most (Hoeffding's bound)."""
    return math.sqrt(math.log(2 / FALSE_ALARM) / (2 * max(n, 1)))
