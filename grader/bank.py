"""The vocabulary banks are written in: what a check is, what is true, and how close is right.

Truth is PyTorch's own operator in float64. A bank calls the candidate, computes the truth, and
claims that they match; the message of a claim that fails is written here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader.exchange import Answer
from grader.tolerance import allowed, scale_of
from grader.verdict import FAMILIES, Evidence, Fault, Tier, Verdict
from grader.weights import Projection, Weights
from grader.worker.program import pull_back

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


# --- truth ------------------------------------------------------------------------------------


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ/√d_k)V in float64 by torch's own operator; mask true or non-zero may attend.

    A row that may attend to nothing has context zero, also in torch's operator.
    """
    visible = None
    if mask is not None:
        visible = (mask != 0).expand(*query.shape[:-1], key.shape[-2])
    return F.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), attn_mask=visible
    )


def linear(x: Tensor, projection: Projection) -> Tensor:
    """`torch.nn.functional.linear` in float64 with a role's weight and, where it exists, bias."""
    bias = None if projection.bias is None else projection.bias.double()
    return F.linear(x.double(), projection.weight.double(), bias)


def gradients(
    truth: Callable[..., Tensor],
    inputs: Mapping[str, Tensor],
    cotangent: Tensor,
    weights: Weights | None = None,
) -> dict[str, Tensor]:
    """True gradients in float64, by `"input query"`, `"query weight"`, `"query bias"`.

    `truth(**inputs)` for a function, `truth(weights, **inputs)` where weights are given. Inputs
    that are not floating (masks) are passed as they are.
    """
    leaves: dict[str, Tensor] = {}

    def leaf(name: str, tensor: Tensor) -> Tensor:
        leaves[name] = tensor.detach().double().requires_grad_()
        return leaves[name]

    passed: dict[str, Any] = {
        name: leaf(f"input {name}", t) if isinstance(t, Tensor) and t.is_floating_point() else t
        for name, t in inputs.items()
    }
    if weights is None:
        output = truth(**passed)
    else:
        roles = {
            role: Projection(
                leaf(f"{role} weight", p.weight),
                None if p.bias is None else leaf(f"{role} bias", p.bias),
            )
            for role, p in weights.items()
        }
        output = truth(roles, **passed)
    found = pull_back(output, list(leaves.values()), cotangent.double())
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True)
    }


# --- claims -----------------------------------------------------------------------------------


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
    plain = answer.plain()
    limit = allowed(truth, answer.request.dtype, None if plain is None else plain.output)
    wrong = (output - truth).abs() > limit
    if bool(wrong.any()):
        raise _mismatch(answer, output, truth, wrong, "")


def _mismatch(answer: Answer, output: Tensor, truth: Tensor, wrong: Tensor, prefix: str) -> Fault:
    index = tuple(int(i) for i in wrong.nonzero()[0]) if wrong.dim() else ()
    share = float(wrong.double().mean())
    got, expected = float(output[index]), float(truth[index])
    percent = "all" if share == 1 else f"{max(share * 100, 0.1):.2g} % of"
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
            "the output has no gradient: something cut the graph (.detach(), .data, no_grad, numpy)",
            Evidence(shapes=answer.shapes),
        )
    plain = answer.plain()
    scale = scale_of(*truth.values())
    for name, expected in truth.items():
        got = answer.gradients.get(name)
        if got is None or got.shape != expected.shape:
            raise Fault(
                Verdict.WRONG_ANSWER,
                f"no gradient reaches {_spoken(name)}",
                Evidence(shapes=answer.shapes),
            )
        own = None if plain is None else plain.gradients.get(name)
        wrong = (got.double() - expected).abs() > allowed(
            expected, answer.request.dtype, own, scale
        )
        wrong |= ~torch.isfinite(got)
        if bool(wrong.any()):
            fault = _mismatch(answer, got.double(), expected, wrong, "")
            fault.message = f"the gradient of {_spoken(name)} is wrong"
            raise fault


def _spoken(name: str) -> str:
    first, second = name.split(" ", 1)
    return f"`{second}`" if first == "input" else f"the {first} projection's {second}"


def refuse(message: str, answer: Answer | None = None, *facts: str) -> Fault:
    """A fault of the candidate in a bank's own words: `raise refuse("…")`."""
    shapes = answer.shapes if answer is not None else ""
    return Fault(Verdict.WRONG_ANSWER, message, Evidence(shapes=shapes, facts=facts))
