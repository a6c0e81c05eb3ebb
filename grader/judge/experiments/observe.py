"""Run an experiment on a candidate's own code, and say what really came out.

The submission runs in a worker, as in a grade, a fresh one for each request. What it raises is an
outcome like any other; only a submission that cannot be loaded is a Fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.bank.truth import allowed
from grader.exchange.matching import Unmatched
from grader.exchange.request import Request
from grader.judge.conversation import PATIENCE
from grader.judge.experiments.declared import outcome_of, request_of
from grader.judge.experiments.experiment import (
    HALF,
    PADDED_ROW,
    UNSCALED,
    Experiment,
    Seen,
    asked_of,
    experiment,
)
from grader.judge.experiments.inputs import MANY, Inputs, half, in_dtype, padded, wide
from grader.judge.source import Source
from grader.judge.subject import Subject
from grader.judge.workers import Server
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.verdict import Fault, Verdict

NOTHING = 1e-5
"""A weight below this is none."""
EVEN = 1e-3
"""Weights closer than this are equal to the eye."""
UNEVEN = 0.01
"""What rows of weights may differ by, all in all, and still be called the same."""
DOMINANT, SPREAD = 0.5, 0.2
"""A largest weight above the one is a winner, below the other no key stands out."""
LONG = 160
"""Characters of a candidate's words that are shown."""

Outcome = tuple[str, tuple[str, ...]]


def observe(
    kata: Kata,
    source: Source,
    server: Server,
    name: str,
    seed: int,
    *,
    patience: Sequence[float] = PATIENCE,
) -> Seen:
    """What the submission does in the experiment called `name`.

    Raises Fault where it cannot be loaded or lacks the kata's weights, Refused where the
    experiment cannot be asked of this kata.
    """
    known = experiment(name)
    if known is None:
        raise Refused(f"there is no experiment `{name}`: there are {', '.join(asked_of(kata))}")
    if not known.applies(kata):
        raise Refused(f"experiment `{name}` cannot be asked of kata `{kata.slug}`")
    subject = Subject(kata, source.text, server, seed, patience=patience)
    try:
        subject.enter()
        happened, said = _brought(subject, known) if known.kata else OBSERVED[name](subject)
    except Unmatched as error:
        raise Fault(Verdict.INVALID_SUBMISSION, str(error)) from None
    finally:
        subject.close()
    return Seen(name, happened, said)


def _inputs(subject: Subject, purpose: str) -> Inputs:
    """What an experiment's requests are made from: the same ones each time."""
    return Inputs(subject.kata, subject.layout, Draw(subject.seed, purpose))


def _brought(subject: Subject, known: Experiment) -> Outcome:
    draw = Draw(subject.seed, known.id)
    request = request_of(known, subject.kata, subject.layout, draw)
    given = request.given(request.calls[-1])
    try:
        happened, seen = outcome_of(known, subject.kata, request, subject.all_of, subject.solution)
    except Fault as fault:
        return "error", (_cut(given), *_raised(fault))
    return happened, (_cut(given), _cut(seen))


# --- a row that may attend to nothing --------------------------------------------------------


def _padded_row(subject: Subject) -> Outcome:
    request, empty = padded(_inputs(subject, PADDED_ROW))
    where = "sequence 2" if subject.kata.entry.is_module else "query 2 of the first"
    given = f"{_given(request)}: {where} sees no key"
    try:
        output = subject.ask(request).output
    except Fault as fault:
        return "error", (given, *_raised(fault))
    right = subject.right(request)
    if output.shape != right.shape:
        return "other", (given, _unfit(output, right))
    rows = _unbiased(output, request)[empty]
    happened, found = _emptiness(rows, heads=subject.kata.heads(request.construct))
    return happened, (
        given,
        found,
        _elsewhere(output, right, empty),
        _pull(subject, request, empty),
    )


def _emptiness(rows: Tensor, heads: int) -> tuple[str, str]:
    """What came out for rows (N, D) that may attend to nothing, a layer's bias taken off."""
    finite = torch.isfinite(rows)
    if not bool(finite.all()):
        return "nan", f"there: {int((~finite).sum())} of {rows.numel()} numbers are NaN or inf"
    if float(rows.abs().max()) <= NOTHING:
        return "zeros", "there: nothing gathered, the context is zero"
    weights = rows.reshape(len(rows) * heads, -1)
    uniform = all(_uniform(row) for row in weights)
    last = weights[(weights.abs() > NOTHING).any(-1)][-1]
    shown = " ".join(f"{float(w):.3g}" for w in last[last.abs() > NOTHING])
    found = f"there, a query's weights: {shown}; they sum to {float(last.sum()):.3g}"
    return ("uniform" if uniform else "other"), found


def _uniform(row: Tensor) -> bool:
    """Whether weights that are there are all equal, and all of the attention.

    A causal layer may well spread them over the past alone.
    """
    there = row[row.abs() > NOTHING]
    if not len(there) or abs(float(there.sum()) - 1) > EVEN:
        return False
    return float(there.max() - there.min()) < EVEN


def _elsewhere(output: Tensor, right: Tensor, empty: Tensor) -> str:
    got, true = output.double()[~empty], right.double()[~empty]
    if not bool(torch.isfinite(got).all()):
        return "everywhere else: NaN or inf as well"
    error = float((got - true).abs().max())
    if error <= allowed(true, torch.float32):
        return "everywhere else: right"
    return f"everywhere else: wrong by up to {error:.2g}"


def _pull(subject: Subject, request: Request, empty: Tensor) -> str:
    """The gradients of a loss that leaves the empty rows out."""
    shape = subject.right(request).shape
    cotangent = torch.where(empty[..., None], 0.0, Draw(subject.seed, "loss")(*shape))
    call = replace(request.calls[0], cotangent=cotangent)
    said = "gradients of a loss that leaves it out:"
    try:
        answer = subject.ask(replace(request, calls=(call,)))
    except Fault as fault:
        return f"{said} {_raised(fault)[0]}"
    if answer.unfit_gradient or not answer.gradients:
        return f"{said} none"
    broken = [n for n, g in answer.gradients.items() if not bool(torch.isfinite(g).all())]
    if not broken:
        return f"{said} all finite"
    return f"{said} NaN or inf in {len(broken)} of {len(answer.gradients)}, {broken[0]} among them"


# --- half precision --------------------------------------------------------------------------


def _half(subject: Subject) -> Outcome:
    request = half(_inputs(subject, HALF))
    given = f"{_given(request)}; scaled scores around 18"
    try:
        output = subject.ask(request).output
    except Fault as fault:
        return "error", (given, *_raised(fault))
    truth = subject.right(in_dtype(request, torch.float64))
    if output.shape != truth.shape:
        return "other", (given, _unfit(output, truth))
    dtype = str(output.dtype).removeprefix("torch.")
    finite = torch.isfinite(output)
    if not bool(finite.all()):
        nans = int(output.isnan().sum())
        infs = output.numel() - int(finite.sum()) - nans
        return "nonfinite", (given, f"{dtype}: {nans} NaN and {infs} inf of {output.numel()}")
    error = float((output.double() - truth).abs().max())
    most = allowed(truth, torch.float16, subject.right(request))
    measured = f"{dtype}: largest error {error:.2g} against float64, where {most:.2g} is fine"
    said = (given, measured, f"true values reach {float(truth.abs().max()):.2g}")
    if error > most:
        return "other", said
    return ("close" if output.dtype is torch.float16 else "upcast"), said


# --- no scale --------------------------------------------------------------------------------


def _unscaled(subject: Subject) -> Outcome:
    (request, d_k), (louder, _) = (
        wide(_inputs(subject, UNSCALED), times=times) for times in (False, True)
    )
    given = f"d_k = {d_k}, {MANY} keys, all of unit variance; means over {MANY // 2} queries"
    right = subject.right(request)
    try:
        outputs = [subject.ask(each).output for each in (request, louder)]
    except Fault as fault:
        return "error", (given, *_raised(fault))
    unfit = [output for output in outputs if output.shape != right.shape]
    if unfit:
        return "other", (given, _unfit(unfit[0], right))
    heads = subject.kata.heads(request.construct)
    written, without = (_weights(output, request, heads) for output in outputs)
    said = (given, f"as written: {_spread(written)}", f"without √d_k: {_spread(without)}")
    return _compare(written, without), said


def _weights(output: Tensor, request: Request, heads: int) -> Tensor:
    """The attention weights (N, S) of the later queries, which a causal layer shows enough keys."""
    rows = _unbiased(output, request)[:, MANY // 2 :].flatten(0, 1)
    return rows.reshape(len(rows) * heads, -1)[:, :MANY]


def _spread(weights: Tensor) -> str:
    if not bool(torch.isfinite(weights).all()):
        return "NaN or inf among the weights"
    if not _of_a_mean(weights):
        low, high = (float(f(weights.sum(-1))) for f in (torch.min, torch.max))
        least = float(weights.min())
        return f"no weights: rows sum to {low:.3g} … {high:.3g}, the least is {least:.3g}"
    slope = float((weights * (1 - weights)).sum(-1).mean())
    return f"largest weight {_largest(weights):.2f}, Σp(1−p) {slope:.2f}"


def _largest(weights: Tensor) -> float:
    return float(weights.max(-1).values.mean())


def _of_a_mean(weights: Tensor) -> bool:
    """Whether they are the weights of a mean: none negative, each row summing to one."""
    off = float((weights.sum(-1) - 1).abs().mean())
    return off <= UNEVEN and float(weights.min()) >= -NOTHING


def _compare(written: Tensor, without: Tensor) -> str:
    """The outcome's key, for weights as the code has them and with the scale undone."""
    if not bool(torch.isfinite(without).all()):
        return "nan"
    if not _of_a_mean(without):
        return "other"
    if _largest(without) >= DOMINANT:
        return "one-hot"
    if float((without - written).abs().sum(-1).mean()) < UNEVEN:
        return "same"
    return "flat" if _largest(without) <= SPREAD else "other"


# --- what experiments share ------------------------------------------------------------------


def _unbiased(output: Tensor, request: Request) -> Tensor:
    """A layer's output without its bias: the context, as the output projection is the identity."""
    bias = request.weights["output"].bias if "output" in request.weights else None
    return output.double() if bias is None else output.double() - bias.double()


def _given(request: Request) -> str:
    return request.given(request.calls[0])


def _raised(fault: Fault) -> tuple[str, ...]:
    """What was raised, and the candidate's own line that raised it."""
    frames = fault.evidence.frames
    where = (f"line {frames[-1].line}: {frames[-1].text.strip()}",) if frames else ()
    return tuple(_cut(said) for said in (fault.message, *where))


def _cut(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def _unfit(output: Tensor, right: Tensor) -> str:
    return f"the output has shape {tuple(output.shape)}, expected {tuple(right.shape)}"


OBSERVED: Mapping[str, Callable[[Subject], Outcome]] = {
    PADDED_ROW: _padded_row,
    HALF: _half,
    UNSCALED: _unscaled,
}
