"""The time budget: the submission against the reference, by the judge's clock.

Both answer the same kind of request, several fresh inputs at once, in turn and in random order, one
thread each, and every answer is verified, so nothing can be cached or skipped. What decides is the
ratio of the minima: the same code against itself reads 0.9 to 1.2 that way, also on a busy machine,
where single pairs stray to 3.4. A clear pass needs one short round. A refusal needs three long bad
ones, and a reference that agrees with itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from grader.bank import assert_matches
from grader.bank.draw import Draw
from grader.exchange.answer import Answer, read
from grader.exchange.layout import Layout, Projection, Weights
from grader.exchange.request import Call, Request
from grader.judge.conversation import Conversation
from grader.kata.kata import Kata
from grader.report.verdict import Budget, Evidence, Fault, Verdict

SETS = 2
"""Different inputs in one request."""
CLEAR = 2 / 3
"""Of the limit: a short round below this is a pass."""
HOPELESS = 3.0
"""Times the limit: a round above this may end early."""
SHORT, LONG, ROUNDS = (1, 2), (3, 11), 3
"""Warm-ups and counted pairs of a round, and the long rounds before a refusal."""
NOISY = 1.5
"""A reference this far from itself cannot be raced against."""

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Lap:
    """Seconds to receive the inputs, and to answer."""

    staging: float
    running: float


def ratio_of(mine: Sequence[Lap], others: Sequence[Lap]) -> float:
    """The quickest lap as a multiple of the reference's quickest.

    What is done before the word to go counts too, as far as receiving the inputs does not explain
    it, and lap by lap: so it gains nothing to begin early, nor to do so in every other lap.
    """
    delivery = min(lap.staging for lap in others)
    quickest = min(lap.running + max(lap.staging - delivery, 0.0) for lap in mine)
    return quickest / min(lap.running for lap in others)


@dataclass
class Runner:
    """One side of a race."""

    conversation: Conversation
    layout: Layout

    def lap(self, request: Request) -> tuple[tuple[Answer, ...], Lap]:
        """Answer a request against the clock."""
        reply, staging, running = self.conversation.clocked(request.encode(self.layout))
        return read(reply, request, self.layout), Lap(staging, running)


@dataclass
class Race:
    """The race of one grade; a bank calls it once for each size that matters."""

    kata: Kata
    candidate: Callable[[], Runner]
    reference: Callable[[], Runner]
    draw: Draw
    device: str = "cpu"
    worst: float | None = None
    undecided: list[str] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)

    def close(self) -> None:
        """Hand the workers back."""
        for runner in self.runners:
            runner.conversation.close()
        self.runners = []

    def __call__(
        self,
        size: str,
        make: Callable[[], Arguments],
        truth: Callable[..., Tensor],
        **construct: Any,
    ) -> None:
        """Race at one size: `make()` gives fresh arguments, `truth` their right answers.

        `truth(**arguments)` for functions, `truth(weights, **arguments)` for layers. Raises Fault
        where the submission is too slow.
        """
        weights: dict[str, Projection] = {}
        if not self.runners:
            self.runners = [self.candidate(), self.reference()]
        me, other = self.runners
        if construct:
            shapes = self.kata.shapes(construct)
            weights = self.draw.weights(shapes, [r for r in shapes if me.layout.biased(r)])
        course = Course(make, truth, construct, weights, self.device)
        ratio = self._decide(course, me, other)
        if ratio is None:
            self.undecided.append(size)
            return
        self.worst = max(ratio, self.worst or 0.0)
        if ratio > self.limit:
            grows, fact = course.growth(me)
            raise Fault(
                Verdict.TIME_LIMIT,
                f"{ratio:.1f}× the reference's time on {size}; the limit is {self.limit:g}×",
                Evidence(facts=(fact,) if fact else (), grows=grows),
            )

    @property
    def limit(self) -> float:
        """The kata's limit, as a multiple of the reference's time."""
        return self.kata.budget_limit

    @property
    def budget(self) -> Budget:
        """What the report says."""
        worst = None if self.worst is None else round(self.worst, 2)
        return Budget(worst, self.limit, tuple(self.undecided))

    def _decide(self, course: Course, me: Runner, other: Runner) -> float | None:
        """The ratio that counts, or None where the machine is too noisy to refuse anybody."""
        enough = self.limit * HOPELESS
        ratio = course.round(me, other, *SHORT, enough)
        if ratio <= self.limit * CLEAR:
            return ratio
        best = float("inf")
        for _ in range(ROUNDS):
            best = min(best, course.round(me, other, *LONG, enough))
            if best <= self.limit:
                return best
        noise = self._noise(course, other)
        # What strays by some factor from itself can explain a ratio that much over the limit.
        return best if noise <= NOISY or best > self.limit * noise else None

    def _noise(self, course: Course, other: Runner) -> float:
        """By what factor the reference strays from itself."""
        twin = self.reference()
        try:
            itself = course.round(twin, other, *LONG, enough=float("inf"))
        finally:
            twin.conversation.close()
        return max(itself, 1 / itself)


@dataclass
class Course:
    """One size to race at."""

    make: Callable[[], Arguments]
    truth: Callable[..., Tensor]
    construct: Mapping[str, Any]
    weights: Weights
    device: str

    def round(self, me: Runner, other: Runner, warm: int, pairs: int, enough: float) -> float:
        """Ratio of the two minima over some pairs, each pair in random order."""
        laps: dict[int, list[Lap]] = {id(me): [], id(other): []}
        for number in range(warm + pairs):
            # Drawn before they are shuffled, so that a seed gives the same inputs again.
            order = [(me, self._request()), (other, self._request())]
            random.shuffle(order)
            for runner, request in order:
                lap = self._lap(runner, request, verify=runner is me)
                if number >= warm:
                    laps[id(runner)].append(lap)
            if number > warm and ratio_of(laps[id(me)], laps[id(other)]) > enough:
                break
        return ratio_of(laps[id(me)], laps[id(other)])

    def _request(self) -> Request:
        calls = tuple(Call(dict(self.make())) for _ in range(SETS))
        return Request(self.construct, self.weights, calls, device=self.device)

    def _lap(self, runner: Runner, request: Request, *, verify: bool) -> Lap:
        answers, seconds = runner.lap(request)
        for answer in answers if verify else ():
            given = (self.weights,) if self.weights else ()
            assert_matches(answer, self.truth(*given, **answer.call.arguments))
        return seconds

    def growth(self, runner: Runner) -> tuple[str, str]:
        """What the number of torch calls grows with, and that as a sentence; empty if nothing."""
        # Masks are left out: they broadcast, so half of one need not fit half of the rest.
        whole = {n: value for n, value in self.make().items() if "mask" not in n}
        calls = self._calls(runner, whole, self.construct)
        for axis, what in ((0, "batch"), (-2, "rows")):
            half = {n: _halved(value, axis) for n, value in whole.items()}
            fewer = self._calls(runner, half, self.construct)
            if calls > 1.5 * fewer > 0:
                return what, f"{calls} torch calls, {fewer} for half the {what}: a Python loop"
        heads = self.construct.get("num_heads", 1)
        if heads % 2 == 0:
            fewer = self._calls(runner, whole, {**self.construct, "num_heads": heads // 2})
            if calls > 1.3 * fewer > 0:
                return "heads", f"{calls} torch calls, {fewer} for half the heads: a Python loop"
        return "", ""

    def _calls(self, runner: Runner, arguments: Arguments, construct: Arguments) -> int:
        request = Request(construct, self.weights, (Call(arguments),), device=self.device)
        reply = runner.conversation.run(request.encode(runner.layout))
        calls = reply.get("torch_calls")
        return calls if isinstance(calls, int) and not reply.get("error") else 0


def _halved(value: Any, axis: int) -> Any:
    if not isinstance(value, Tensor):
        return value
    return value.narrow(axis, 0, max(value.size(axis) // 2, 1)).contiguous()
