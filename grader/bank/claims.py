"""How close is right, and what is said where something is not: the words of failing claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest
import torch
from torch import Tensor

from grader.bank.tolerance import allowed, scale_of
from grader.exchange.answer import Answer
from grader.report.verdict import FAMILIES, Evidence, Fault, Tier, Verdict

Test = Callable[..., None]


def check(family: str, *, stretch: bool = False) -> Callable[[Test], Test]:
    """Declare a test of a bank: its family, and whether it only earns stars.

    The docstring is what the candidate reads.
    """
    if family not in FAMILIES:
        raise ValueError(f"no family {family!r}; the families are {', '.join(FAMILIES)}")
    tier = Tier.STRETCH if stretch else Tier.REQUIRED
    marker: Callable[[Test], Test] = pytest.mark.check(family, tier)
    return marker


def assert_shape(answer: Answer, shape: tuple[int, ...]) -> None:
    """The answer has the shape and the dtype of the request."""
    got = tuple(answer.output.shape)
    if got != tuple(shape):
        raise Fault(
            Verdict.WRONG_ANSWER,
            f"returned shape {got}, expected {tuple(shape)}",
            Evidence(shapes=answer.shapes),
        )
    if answer.output.dtype is not answer.request.dtype:
        got_dtype, want = (str(d)[6:] for d in (answer.output.dtype, answer.request.dtype))
        raise Fault(
            Verdict.WRONG_ANSWER,
            f"returned {got_dtype}, expected {want}, the dtype of the input",
            Evidence(shapes=answer.shapes),
        )


def assert_matches(answer: Answer, truth: Tensor, *, finite_only: bool = False) -> None:
    """The answer is the truth, up to the roundings that its dtype allows."""
    assert_shape(answer, tuple(truth.shape))
    output = answer.output.double()
    if not bool(torch.isfinite(output).all()):
        kind = "NaN" if bool(output.isnan().any()) else "infinite"
        raise _mismatch(answer, output, truth, ~torch.isfinite(output), f"{kind} values in it: ")
    if finite_only:
        return
    wrong = beyond(answer, output, truth)
    if bool(wrong.any()):
        raise _mismatch(answer, output, truth, wrong, "")


def beyond(
    answer: Answer,
    got: Tensor,
    truth: Tensor,
    scale: float | None = None,
    own: Callable[[Answer], Tensor | None] = lambda plain: plain.output,
) -> Tensor:
    """Where `got` is further from the truth than a right answer may be.

    `own` picks the same quantity from the plain implementation's answer, which is computed only
    where the roundings that are always allowed do not suffice.
    """
    error = (got.double() - truth).abs()
    dtype = answer.request.dtype
    wrong = ~(error <= allowed(truth, dtype, None, scale))
    plain = answer.plain() if bool(wrong.any()) else None
    if plain is not None:
        wrong = ~(error <= allowed(truth, dtype, own(plain), scale))
    return wrong


def _mismatch(answer: Answer, output: Tensor, truth: Tensor, wrong: Tensor, prefix: str) -> Fault:
    index = tuple(int(i) for i in wrong.nonzero()[0]) if wrong.dim() else ()
    share = float(wrong.double().mean())
    got, expected = float(output[index]), float(truth[index])
    percent = "all" if share == 1 else f"{min(max(share * 100, 0.1), 99):.2g} % of"
    return Fault(
        Verdict.WRONG_ANSWER,
        f"{prefix}{percent} the values are wrong",
        Evidence(index=index, got=got, expected=expected, shapes=answer.shapes),
    )


def assert_gradients(answer: Answer, truth: Mapping[str, Tensor]) -> None:
    """Every input and every parameter has the true gradient."""
    if answer.unfit_gradient == "detached":
        raise Fault(
            Verdict.WRONG_ANSWER,
            "the output has no gradient: something cut the graph (.detach(), .data, no_grad)",
            Evidence(shapes=answer.shapes),
        )
    scale = scale_of(*truth.values())
    for name, expected in truth.items():
        got = answer.gradients.get(name)
        if got is None or got.shape != expected.shape:
            raise Fault(
                Verdict.WRONG_ANSWER,
                f"no gradient reaches {_spoken(name)}",
                Evidence(shapes=answer.shapes),
            )
        wrong = beyond(answer, got, expected, scale, partial(_gradient, name))
        if bool(wrong.any()):
            fault = _mismatch(answer, got.double(), expected, wrong, "")
            fault.message = f"the gradient of {_spoken(name)} is wrong"
            raise fault


def _gradient(name: str, plain: Answer) -> Tensor | None:
    return plain.gradients.get(name)


def _spoken(name: str) -> str:
    first, second = name.split(" ", 1)
    return f"`{second}`" if first == "input" else f"the {first} projection's {second}"


def refuse(message: str, answer: Answer | None = None, *facts: str) -> Fault:
    """A fault of the candidate in a bank's own words: `raise refuse("…")`."""
    shapes = answer.shapes if answer is not None else ""
    return Fault(Verdict.WRONG_ANSWER, message, Evidence(shapes=shapes, facts=facts))
