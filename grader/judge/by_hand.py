"""The statement's example, worked out by a submission in a worker; nothing of it is a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from grader.exchange.layout import Layout, Projection
from grader.exchange.matching import Unmatched
from grader.exchange.request import Call, Request
from grader.judge.source import Source
from grader.judge.subject import Subject
from grader.judge.workers import Server
from grader.kata.entry_point import Parameter
from grader.kata.example import Example
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.by_hand import ByHand, Matrix, Worked
from grader.report.verdict import Check, Fault, Verdict, unready

NEAR = 1e-4
"""What a number may differ by: four places are shown."""


def by_hand(kata: Kata, source: Source, server: Server) -> ByHand | Check:
    """The example by hand; or why the submission cannot be loaded or built.

    Raises Refused where the kata has no example.
    """
    example = kata.example
    if example is None:
        raise Refused(f"{kata.slug} has no example to work out: `kata show {kata.slug}`")
    subject = Subject(kata, source.text, server, seed=0)
    try:
        subject.enter()
        calls = [_worked(subject, request) for request in requests(kata, example, subject.layout)]
        return ByHand(_built(kata, example), tuple(calls), subject.notes, subject.output)
    except (Fault, Unmatched) as failure:
        return unready(failure)
    finally:
        subject.close()


def requests(kata: Kata, example: Example, layout: Layout) -> tuple[Request, ...]:
    """The example's call with what every call gives; then with all that the example has."""
    weights = {}
    plain = {p.name: p.value for p in kata.entry.construct if not p.required}
    construct = plain | dict(example.construct)
    for role, shape in kata.shapes(construct).items():
        bias = torch.zeros(shape[0]) if layout.biased(role) else None
        weights[role] = Projection(example.weights.get(role, 1.0) * torch.eye(*shape), bias)
    given = {p.name: _given(p, example) for p in kata.entry.call if p.name in example.call}
    needed = {name: given[name] for name in kata.entry.required}
    each = (needed, given) if len(given) > len(needed) else (given,)
    return tuple(
        Request(construct, weights, (Call(arguments),), axes=kata.entry.axes) for arguments in each
    )


def _given(parameter: Parameter, example: Example) -> Any:
    """An argument: rows of numbers where it is a tensor, else the value itself."""
    said = example.call[parameter.name]
    if not parameter.axes:
        return said
    return torch.tensor(said, dtype=getattr(torch, parameter.dtype or "float32"))


def _worked(subject: Subject, request: Request) -> Worked:
    """One call: what is right is the solution's answer."""
    arguments = request.calls[0].arguments
    given = {
        n: matrices(torch.as_tensor(v).reshape(1, -1) if not isinstance(v, Tensor) else v)
        for n, v in arguments.items()
    }
    right = subject.right(request)
    try:
        got = subject.ask(request).output
    except Fault as fault:
        return Worked(given, matrices(right), failure=unready(fault))
    if got.shape != right.shape:
        said = f"returned shape {tuple(got.shape)}, expected {tuple(right.shape)}"
        return Worked(given, matrices(right), failure=unready(Fault(Verdict.WRONG_ANSWER, said)))
    agrees = torch.allclose(got.double(), right.double(), atol=NEAR, rtol=0.0)
    return Worked(given, matrices(right), matrices(got), agrees=agrees)


def matrices(tensor: Tensor) -> tuple[Matrix, ...]:
    """A tensor's matrices along its last two axes, one after the other."""
    rows = tensor.detach().double().reshape(-1, *(1, *tensor.shape)[-2:])
    return tuple(tuple(tuple(map(float, row)) for row in matrix) for matrix in rows)


def _built(kata: Kata, example: Example) -> str:
    """`hidden_dim=4; weights: query 1, key 2, value 3 times the identity, biases 0`."""
    if not kata.entry.is_module:
        return ""
    made = ", ".join(f"{name}={value!r}" for name, value in example.construct.items())
    factors: Mapping[str, Any] = {role: example.weights.get(role, 1) for role in kata.roles}
    if set(factors.values()) == {1}:
        return f"{made}; every weight is the identity, biases are 0"
    each = ", ".join(f"{role} {factor:g}" for role, factor in factors.items())
    return f"{made}; weights are the identity times {each}; biases are 0"
