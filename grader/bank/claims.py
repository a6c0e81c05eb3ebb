"""How close is right, and what is said where something is not: the words of failing claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from grader.bank.truth import allowed, ceiling
from grader.exchange.answer import Answer
from grader.report.verdict import FAMILIES, Evidence, Fault, Tier, Verdict

Test = Callable[..., None]
Own = Callable[[Answer], Tensor | None]
"""What of the plain implementation's answer is compared."""


@dataclass(frozen=True)
class Label:
    """What a check is counted under."""

    family: str
    tier: Tier


def label_of(test: Test) -> Label | None:
    """What `check` declared of a test; None where it did not."""
    label = getattr(test, "label", None)
    return label if isinstance(label, Label) else None


def check(family: str, *, stretch: bool = False) -> Callable[[Test], Test]:
    """Declare a test of a bank: its family, and whether it only earns stars.

    The docstring is what the candidate reads.
    """
    if family not in FAMILIES:
        raise ValueError(f"no family {family!r}; the families are {', '.join(FAMILIES)}")

    def declared(test: Test) -> Test:
        vars(test)["label"] = Label(family, Tier.STRETCH if stretch else Tier.REQUIRED)
        return test

    return declared


def assert_sizes(answer: Answer, shape: tuple[int, ...]) -> None:
    """The answer has this shape."""
    got = tuple(answer.output.shape)
    if got != tuple(shape):
        raise Fault(
            Verdict.WRONG_ANSWER,
            f"returned shape {got}, expected {tuple(shape)}",
            Evidence(shapes=answer.shapes),
        )


def assert_shape(answer: Answer, shape: tuple[int, ...]) -> None:
    """The answer has the shape and the dtype of the request."""
    assert_sizes(answer, shape)
    if answer.output.dtype is not answer.build.dtype:
        got_dtype, want = (str(d)[6:] for d in (answer.output.dtype, answer.build.dtype))
        raise Fault(
            Verdict.WRONG_ANSWER,
            f"returned {got_dtype}, expected {want}, the dtype of the input",
            Evidence(shapes=answer.shapes),
        )


def _output(plain: Answer) -> Tensor | None:
    return plain.output


@dataclass(frozen=True)
class Comparison:
    """Something that came of a call beside what is true of it."""

    answer: Answer
    got: Tensor
    truth: Tensor
    scale: float | None = None
    own: Own = _output
    scores: float = 0.0
    bound: float | None = None
    """The limit, where it is that of more than this."""

    @cached_property
    def error(self) -> Tensor:
        """How far each value is off; NaN where it is NaN."""
        return (self.got.double() - self.truth).abs()

    @cached_property
    def limit(self) -> float:
        """How far off a right answer may be.

        The plain implementation's answer is computed only where it decides: not where the roundings
        that are always allowed suffice, nor where no yardstick would.
        """
        if self.bound is not None:
            return self.bound
        limit = self._allowed(None)
        if bool((self.error <= limit).all()):
            return limit
        most = ceiling(self.truth, self.answer.build.dtype, self.scale, scores=self.scores)
        if not bool((self.error <= most).all()):
            return most
        plain = self.answer.plain()
        return limit if plain is None else self._allowed(self.own(plain))

    def _allowed(self, plain: Tensor | None) -> float:
        dtype = self.answer.build.dtype
        return allowed(self.truth, dtype, plain, self.scale, scores=self.scores)

    @property
    def wrong(self) -> Tensor:
        """Where it is further from the truth than a right answer may be."""
        return ~(self.error <= self.limit)

    def fault(self, message: str, where: Tensor) -> Fault:
        """A wrong answer, with the first wrong value as evidence."""
        index = tuple(int(i) for i in where.nonzero()[0]) if where.dim() else ()
        got, expected = float(self.got[index]), float(self.truth[index])
        return Fault(
            Verdict.WRONG_ANSWER,
            message,
            Evidence(
                index=index,
                got=got,
                expected=expected,
                shapes=self.answer.shapes,
                allowed=self.limit if math.isfinite(got) else None,
            ),
        )


def assert_matches(
    answer: Answer, truth: Tensor, *, finite_only: bool = False, scores: float = 0.0
) -> None:
    """The answer is the truth, up to the roundings that its dtype allows.

    scores: the largest magnitude that scores reach in this call, where it is far beyond the
    ordinary; float32 holds them no more exactly than that, and so neither the answer.
    """
    assert_shape(answer, tuple(truth.shape))
    compared = Comparison(answer, answer.output, truth, scores=scores)
    broken = ~torch.isfinite(answer.output)
    if bool(broken.any()):
        kind = "NaN" if bool(answer.output.isnan().any()) else "infinite"
        raise compared.fault(f"{kind} values in it: {_share(broken)}", broken)
    if not finite_only and bool(compared.wrong.any()):
        raise compared.fault(_share(compared.wrong), compared.wrong)


def beyond(
    answer: Answer, got: Tensor, truth: Tensor, own: Own = _output, *, scores: float = 0.0
) -> Tensor:
    """Where `got` is further from the truth than a right answer may be.

    `own` picks the same quantity from the plain implementation's answer.
    """
    return Comparison(answer, got, truth, own=own, scores=scores).wrong


def _share(wrong: Tensor) -> str:
    share = float(wrong.double().mean())
    percent = "all" if share == 1 else f"{min(max(share * 100, 0.1), 99):.2g} % of"
    return f"{percent} the values are wrong"


def assert_gradients(answer: Answer, truth: Mapping[str, Tensor], *, scores: float = 0.0) -> None:
    """Every input and every parameter has the true gradient; `scores` as in `assert_matches`."""
    if answer.unfit_gradient == "detached":
        raise Fault(
            Verdict.WRONG_ANSWER,
            "the output has no gradient: something cut the graph (.detach(), .data, no_grad)",
            Evidence(shapes=answer.shapes),
        )
    for name, expected in truth.items():
        got = answer.gradients.get(name)
        if got is None or got.shape != expected.shape:
            raise Fault(
                Verdict.WRONG_ANSWER,
                f"no gradient reaches {_spoken(name)}",
                Evidence(shapes=answer.shapes),
            )
    # One error spreads over all of them, and how far off a single number is is a matter of luck.
    together = partial(_together, list(truth))
    limit = Comparison(
        answer, together(answer), _flat(truth.values()), None, together, scores
    ).limit
    for name, expected in truth.items():
        compared = Comparison(answer, answer.gradients[name], expected, bound=limit)
        if bool(compared.wrong.any()):
            raise compared.fault(f"the gradient of {_spoken(name)} is wrong", compared.wrong)


def _together(names: Sequence[str], answer: Answer) -> Tensor:
    return _flat(answer.gradients[name] for name in names)


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _spoken(name: str) -> str:
    first, second = name.split(" ", 1)
    return f"`{second}`" if first == "input" else f"the {first} projection's {second}"


def refuse(message: str, answer: Answer | None = None, *facts: str) -> Fault:
    """A fault of the candidate in a bank's own words: `raise refuse("…")`."""
    shapes = answer.shapes if answer is not None else ""
    return Fault(Verdict.WRONG_ANSWER, message, Evidence(shapes=shapes, facts=facts))


def mask_of(answer: Answer) -> str:
    """The argument that is the mask, where a call has one: the tensor that nobody follows."""
    call = answer.call
    tensors = (n for n, v in call.arguments.items() if isinstance(v, Tensor))
    return next((n for n in tensors if n not in (call.follow or call.arguments)), "")


def apart_in_masks(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Groups of answers in float32 to calls of one layer that differ in their masks alone."""
    groups: dict[tuple[int, ...], list[Answer]] = {}
    for answer in answers:
        own = mask_of(answer)
        if own and answer.build.dtype is torch.float32 and answer.call.cotangent is None:
            same = (id(v) for n, v in answer.call.arguments.items() if n != own)
            groups.setdefault((id(answer.build), *same), []).append(answer)
    return [group for group in groups.values() if len(group) > 1]
