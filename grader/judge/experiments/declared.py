"""What comes of an experiment that a kata brings: right, or as by one of the mistakes it names.

The submission's last answer is compared with the solution's, and with those of the solution edited
as each of these pitfalls says, on the very same calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.bank.truth import allowed
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout
from grader.exchange.local import LazySolution, load_variant
from grader.exchange.matching import Unmatched
from grader.exchange.request import After, Call, Request
from grader.judge.experiments.experiment import RIGHT, Experiment
from grader.kata.entry_point import Parameter
from grader.kata.kata import Kata
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import Fault

BATCH = 2
"""The size of an axis B where nothing is said."""
BOTH = 2.0
"""Two answers that are compared have both been rounded."""

Answers = Callable[[Request], Sequence[Answer]]


def request_of(experiment: Experiment, kata: Kata, layout: Layout, draw: Draw) -> Request:
    """The calls of an experiment, with random numbers where it gives none."""
    built = {**kata.entry.probe, **experiment.construct} if kata.entry.is_module else {}
    shapes = kata.shapes(built) if built else {}
    weights = draw.weights(shapes, [role for role in shapes if layout.biased(role)])
    calls = [_call(kata, built, said, draw) for said in experiment.calls]
    return Request(built, weights, tuple(calls), axes=kata.entry.axes)


def _call(kata: Kata, built: Mapping[str, Any], said: Mapping[str, Any], draw: Draw) -> Call:
    sizes = {"B": BATCH, **{n: v for n, v in built.items() if isinstance(v, int)}, **said}
    arguments: dict[str, Any] = {}
    for parameter in kata.entry.call:
        if parameter.name in said:
            arguments[parameter.name] = _value(kata, parameter, said[parameter.name])
        elif parameter.required:
            axes = kata.entry.axes.get(parameter.name)
            arguments[parameter.name] = (
                parameter.sample if axes is None else draw(*axes.shape(sizes))
            )
    return Call(arguments)


def _value(kata: Kata, parameter: Parameter, said: Any) -> Any:
    if parameter.name == kata.entry.state:
        return After(said)
    if not isinstance(said, list):
        return said
    dtype = torch.bool if parameter.mask else getattr(torch, parameter.dtype or "float32")
    return torch.tensor(said, dtype=dtype)


def outcome_of(
    experiment: Experiment, kata: Kata, request: Request, answers: Answers, solution: LazySolution
) -> tuple[str, str]:
    """The key of what happened, and what was seen; whatever asking raises is raised."""
    right = solution.answers(request)[-1].output
    output = answers(request)[-1].output
    if output.shape != right.shape:
        return "other", f"the output has shape {tuple(output.shape)}, expected {tuple(right.shape)}"
    if not bool(torch.isfinite(output).all()):
        broken = int((~torch.isfinite(output)).sum())
        return "nan", f"{broken} of {output.numel()} numbers are NaN or inf"
    off = f"off by up to {float((output.double() - right.double()).abs().max()):.2g}"
    if _same(output, right):
        return RIGHT, "every number is the right one"
    pitfalls = {pitfall.id: pitfall for pitfall in load_pitfalls(kata)}
    for key, _ in experiment.choices:
        for edit in pitfalls[key].edits if key in pitfalls else ():
            other = _edited(kata, edit.apply(solution.text), request)
            if other is not None and _same(output, other):
                return key, f"{off}, just as where {pitfalls[key].title}"
    return "other", off


def _edited(kata: Kata, text: str | None, request: Request) -> Tensor | None:
    """What the solution gives, so edited; None where that is no answer."""
    try:
        return None if text is None else load_variant(kata, text).answers(request)[-1].output
    except (Fault, Unmatched):
        return None


def _same(output: Tensor, other: Tensor) -> bool:
    if output.shape != other.shape or not bool(torch.isfinite(other).all()):
        return False
    most = BOTH * allowed(other.double(), torch.float32)
    return bool(((output.double() - other.double()).abs() <= most).all())
