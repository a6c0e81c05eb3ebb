"""What a kata computes, as one object: its truth, and calls of the shapes that its axes allow.

A bank writes the truth down once, by torch's own operators. Everything claimed every time follows
from it: what an answer should be, what its gradients should be, what dropout may make of it. What a
call looks like is read from `kata.toml`, so that nothing here knows a kata by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from grader.bank.calls import Call, Calls
from grader.bank.candidate import Layer
from grader.bank.claims import apart_in_masks, assert_gradients, assert_matches, mask_of
from grader.bank.draw import Draw, measured
from grader.bank.truth import allowed, attention, gradients
from grader.exchange.answer import Answer
from grader.exchange.request import Build
from grader.report.verdict import Fault

MANY = 8
"""Calls of a chain from which on their truths are worked out together."""


@dataclass(frozen=True)
class Definition(Calls):
    """A kata's truth, and calls to try it with.

    truth(**arguments) of a function, truth(weights, **arguments) of a layer, in float64. What it
    asks for behind `*` it is given by name: a constructor's parameters, and `attend`, which is
    torch's own attention under the causal rule where there is one, or what a check puts there.
    """

    truth: Callable[..., Tensor]
    causal: bool = False
    """Whether query i sees keys 0 … i only."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Constructor parameters that are the same in every check, by name."""
    others: tuple[Callable[..., Tensor], ...] = ()
    """What is just as true: a submission keeps to one of these ways, or to `truth`."""
    reach: Callable[[Mapping[str, Any]], float] = lambda _: 0.0
    """The largest magnitude that scores, or angles, come to in a call, by its arguments."""
    within: Callable[[Call], Call] = lambda call: call
    """What is made of random arguments so that they lie within what the kata promises."""

    # --- what is true ----------------------------------------------------------------------------

    @cached_property
    def _asks(self) -> tuple[str, ...]:
        parameters = inspect.signature(self.truth).parameters.values()
        return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)

    def of(
        self, build: Build, *, rows: Tensor | None = None, kept: Tensor | None = None
    ) -> Callable[..., Tensor]:
        """The truth for one construction, as a function of weights (for a layer) and arguments.

        rows: only these queries. kept (…, L, S): what dropout multiplies the weights with.
        """
        attend = partial(self.attend, rows=rows, kept=kept)
        if self.truth is attention:
            return attend
        known = {**build.construct, "attend": attend}
        whole = partial(self.truth, **{name: known[name] for name in self._asks})
        if rows is None or "attend" in self._asks:
            return whole
        return lambda *weights, **call: whole(*weights, **call)[..., rows, :]

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
        *,
        rows: Tensor | None = None,
        kept: Tensor | None = None,
    ) -> Tensor:
        """Torch's attention in float64 under the causal rule; see `of` for rows and kept."""
        shape = (query.size(-2), key.size(-2))
        visible = torch.ones(shape, dtype=torch.bool).tril() if self.causal else None
        if mask is not None:
            visible = mask != 0 if visible is None else visible & (mask != 0)
        if rows is not None:
            query = query[..., rows, :]
            visible = None if visible is None else visible.expand(*visible.shape[:-2], *shape)
            visible = None if visible is None else visible[..., rows, :]
        if kept is None:
            return attention(query, key, value, visible)
        # Its weights are what identity values give, and can then be thinned.
        each_key = torch.eye(key.size(-2)).expand(*key.shape[:-1], -1)
        return attention(query, key, each_key, visible) * kept @ value

    def true(
        self, answer: Answer, *, rows: Tensor | None = None, kept: Tensor | None = None
    ) -> Tensor:
        """What an answer should have been."""
        weights = (answer.build.weights,) if answer.build.construct else ()
        if len(answer.request.chain(answer.place)) == 1:
            return self.of(answer.build, rows=rows, kept=kept)(*weights, **answer.call.arguments)
        own = answer.output.size(-2) if answer.output.dim() > 1 else 0
        truth = self.of(answer.build)(*weights, **answer.whole)[..., -own:, :]
        return truth if rows is None else truth[..., rows, :]

    def true_gradients(self, answer: Answer, *, kept: Tensor | None = None) -> dict[str, Tensor]:
        """What its gradients should have been: those of the inputs followed, and of the weights."""
        call, build = answer.call, answer.build
        assert call.cotangent is not None
        weights = build.weights if build.construct else None
        found = gradients(self.of(build, kept=kept), call.arguments, call.cotangent, weights)
        asked = [f"input {name}" for name in call.follow or ()]
        return {n: g for n, g in found.items() if n in asked or not n.startswith("input ")}

    # --- asking and comparing --------------------------------------------------------------------

    def holds(
        self, layer: Layer, *calls: Mapping[str, Any], scores: float = 0.0, **options: Any
    ) -> list[Answer]:
        """Ask these calls of one layer; every answer is true, and so are gradients asked for."""
        return self.agree(layer.each(*calls, **options), scores=scores)

    @property
    def ways(self) -> tuple[Definition, ...]:
        """One definition for each way that is right."""
        return (self, *(replace(self, truth=other, others=()) for other in self.others))

    def agree(self, answers: Sequence[Answer], *, scores: float = 0.0) -> list[Answer]:
        """Every answer is true, and so are the gradients where a call asked for them.

        All of them in one and the same way, where several are right; what is said of answers that
        are true in none is said of the way that gives most of them.
        scores: the largest magnitude of a score, where it is far beyond the ordinary.
        """
        faults: list[tuple[int, Fault]] = []
        for way in self.ways:
            theirs = answers if way is self else [a.unaided() for a in answers]
            try:
                way._agree(theirs, scores)
                return list(answers)
            except Fault as fault:
                faults.append((0, fault))
                if len(self.ways) > 1:
                    faults[-1] = (sum(way._right(answer, scores) for answer in theirs), fault)
        raise max(faults, key=lambda counted: counted[0])[1]

    def _right(self, answer: Answer, scores: float) -> bool:
        try:
            return bool(self._agree([answer], scores))
        except Fault:
            return False

    def _agree(self, answers: Sequence[Answer], scores: float) -> list[Answer]:
        right = {
            id(a)
            for group in apart_in_masks(answers)
            if self._all_right(group, scores)
            for a in group
        }
        known = self._parts(answers) if self.causal else {}
        for answer in answers:
            far = max(scores, self.reach(answer.call.arguments))
            if id(answer) not in right:
                own = known[id(answer)] if id(answer) in known else self.true(answer)
                self._hold(answer, far, partial(assert_matches, answer, own))
            if answer.call.cotangent is not None:
                truth = self.true_gradients(answer)
                self._hold(answer, far, partial(assert_gradients, answer, truth))
        return list(answers)

    def _parts(self, answers: Sequence[Answer]) -> dict[int, Tensor]:
        """The truth of answers that one chain of calls gave, all in one; by their `id`.

        What comes later has no influence under the causal rule, so each is a part of the whole of
        the last: a hundred steps cost one pass, where each on its own costs all before it again.
        """
        parts: dict[int, Tensor] = {}
        at = {(id(a.request), a.place): a for a in answers}
        for last in reversed(answers):
            chain = [at.get((id(last.request), n)) for n in last.request.chain(last.place)]
            given = [a for a in chain if a is not None and a.build is last.build]
            if id(last) in parts or len(given) != len(chain) or len(chain) < MANY:
                continue
            weights = (last.build.weights,) if last.build.construct else ()
            whole = self.of(last.build)(*weights, **last.whole)
            own = [a.output.size(-2) if a.output.dim() > 1 else 0 for a in given]
            if sum(own) == whole.size(-2):
                parts |= zip(map(id, given), torch.split(whole, own, dim=-2), strict=True)
        return parts

    def _hold(self, answer: Answer, scores: float, claim: Callable[..., None]) -> None:
        """Make a claim of an answer, with what its scores' own roundings allow.

        How large they are is looked up where it decides: they are ordinary nearly always.
        """
        try:
            claim(scores=scores)
        except Fault:
            seen: list[float] = []
            own: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
            Watching(**own, seen=seen).true(answer)
            if max(seen, default=0.0) <= scores:
                raise
            claim(scores=max(seen))

    def _all_right(self, group: Sequence[Answer], scores: float) -> bool:
        """Whether answers to calls that differ in their masks alone are true beyond doubt.

        All masks at once, as so many examples of one batch: that takes a fifth of the time.
        """
        first, count = group[0], len(group)
        build, arguments, own = first.build, first.call.arguments, mask_of(first)
        if len({(a.output.shape, a.output.dtype) for a in group} | {first.output.shape}) != 2:
            return False
        known, lead = measured(first.request.axes, build.construct, arguments, own)
        span = first.request.axes[own].shape(known, lead)
        given = {n: v.expand(count, *v.shape) if isinstance(v, Tensor) else v
                 for n, v in arguments.items()}  # fmt: skip
        given[own] = torch.stack([a.call.arguments[own].expand(span) != 0 for a in group])
        if build.construct:
            given = {n: v.flatten(0, 1) if isinstance(v, Tensor) else v for n, v in given.items()}
        weights = (build.weights,) if build.construct else ()
        truth = self.of(build)(*weights, **given).reshape(count, *first.output.shape)
        error = (torch.stack([a.output for a in group]).double() - truth).abs()
        least = float(truth.abs().flatten(1).amax(1).min()) or 1.0
        return bool((error <= allowed(truth, build.dtype, scale=least, scores=scores)).all())

    def backward(
        self, draw: Draw, layer: Layer, *calls: Mapping[str, Any], scores: float = 0.0, **how: Any
    ) -> list[Answer]:
        """Ask these calls with gradients of a random cotangent; both are true."""
        pulls = [draw(*layer.returned(call)) for call in calls]
        return self.holds(layer, *calls, scores=scores, cotangents=pulls, **how)


@dataclass(frozen=True)
class Watching(Definition):
    """A definition that notes the largest magnitude of a score whenever its truth attends."""

    seen: list[float] = field(default_factory=list)

    def attend(self, query: Tensor, key: Tensor, *rest: Any, **options: Any) -> Tensor:
        """Torch's attention, as it is; the scores are only looked at."""
        scores = query.double() @ key.double().mT / query.size(-1) ** 0.5
        self.seen.append(float(scores.abs().max()))
        return super().attend(query, key, *rest, **options)
