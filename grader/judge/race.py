"""The time budget: the submission against the reference, by the worker's own clock.

Both answer the same kind of request, several fresh inputs at once, in turn and in random order, one
thread each, and every answer is verified, so nothing can be cached or skipped. Layers are built
before, when the inputs are not there yet, so that building is no part of a lap and cannot do a
lap's work. What decides is the ratio of the minima. A clear pass needs one short round, a refusal
three long bad ones.

On Linux a lap is what the worker had of the processor, in all its threads, and what it spent asleep
or waiting for another process; not what it waited for a processor (`workers.moment`). The same code
against itself reads 0.9 to 1.1 that way, on a busy machine too. Where the clock runs on while the
machine is busy, and on accelerators, a refusal also takes a reference that agrees with itself; or a
Python loop or a broadcast product, which are counted and not clocked.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from grader.bank import Definition, assert_matches
from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Projection, Weights
from grader.exchange.request import After, Call, Request
from grader.judge.measure import Cost, Lap, Side, costs, growth, remedy, step_costs, yardstick
from grader.kata.kata import Kata
from grader.report.verdict import Evidence, Fault, Verdict, multiple

SETS = 4
"""Different inputs in one lap: the first call after a word to go finds everything cold."""
WARM_SETS = 2
"""And in one to warm up: where masks are given, one with and one without."""
CLEAR = 2 / 3
"""Of the limit: a short round below this is a pass."""
LIKELY = 0.9
"""Of the limit: long rounds below this are a pass at once, those nearer only after the last."""
HOPELESS = 2.0
"""Times the limit: a round above this may end early."""
SHORT, LONG, ROUNDS = (1, 1), (2, 6), 3
"""Warm-ups and counted pairs of a round, and the long rounds before a refusal."""
NOISY = 1.5
"""A reference this far from itself cannot be raced against."""
COPIES = 2.0
"""Times the limit that a step's arithmetic may come to: right ones copy what they keep, up to three
times, where the solution copies it once."""
PAST = ("past", "what earlier calls computed is computed again")
"""What makes a step slow that goes on from another call, in a word and as a sentence."""
Arguments = Mapping[str, Any]
Make = Callable[[], Arguments | Sequence[Arguments]]
Truth = Callable[..., Tensor] | Definition


def ratio_of(mine: Sequence[Lap], others: Sequence[Lap]) -> float:
    """The quickest lap as a multiple of the reference's quickest.

    What is done before the word to go, or after the work is said to be done, counts too, as far as
    the reference's way there and back does not explain it, and lap by lap: so it gains nothing to
    begin early or to put off the work, nor to do so in every other lap.
    """
    way = min(lap.way for lap in others)
    quickest = min(lap.work + max(lap.way - way, 0.0) for lap in mine)
    return quickest / min(lap.work for lap in others)


@dataclass
class Race:
    """The race of one grade; a bank calls it once for each size that matters."""

    kata: Kata
    candidate: Callable[[], Side]
    reference: Callable[[], Side]
    draw: Draw
    device: str = "cpu"
    worst: float | None = None
    undecided: list[str] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)

    def close(self) -> None:
        """Hand the workers back."""
        for side in self.sides:
            side.conversation.close()
        self.sides = []

    def __call__(
        self,
        size: str,
        make: Make,
        truth: Truth,
        **construct: Any,
    ) -> None:
        """Race at one size: `make()` gives fresh arguments, `truth` their right answers.

        Arguments of one call, or of several in turn, of which a later one may go on from another.

        `truth(**arguments)` for functions, `truth(weights, **arguments)` for layers, or a
        definition. Raises Fault where the submission is too slow.
        """
        weights: dict[str, Projection] = {}
        if not self.sides:
            self.sides = [self.candidate(), self.reference()]
        me, other = self.sides
        if construct:
            shapes = self.kata.shapes(construct)
            weights = self.draw.weights(shapes, [r for r in shapes if me.layout.biased(r)])
        course = Course(make, truth, construct, weights, self.device)
        try:
            ratio, steady = self._decide(course, me, other)
        except Fault as fault:
            self.worst = None
            if fault.evidence.hung:
                raise self._endless(fault, me) from None
            if fault.verdict is not Verdict.WRONG_ANSWER:
                raise
            said = f"not measured, as the answers are wrong: {fault.message}"
            raise Fault(fault.verdict, said, fault.evidence) from None
        grows, fact = ("", "") if ratio <= self.limit else self._cause(me) or self._labour()
        if ratio > self.limit and not steady and not grows:
            self.undecided.append(size)
            return
        self.worst = max(ratio, self.worst or 0.0)
        if ratio > self.limit:
            if not grows and course.goes_on:
                grows, fact = PAST
            raise Fault(
                Verdict.TIME_LIMIT,
                f"{multiple(ratio, self.limit)} the reference's time on {size}; the limit is "
                f"{self.limit:g}×",
                Evidence(facts=(fact,) if fact else (), grows=grows),
            )
        if course.goes_on:
            self._count_a_step()

    def count(self, **sizes: Any) -> None:
        """Compare the arithmetic of calls too large to be waited for, after the races.

        `sizes` names those that are to be others than the yardstick's. Raises Fault where the
        submission takes more than the limit allows of time.
        """
        ratio, fault = self._arithmetic(sizes)
        if ratio <= self.limit:
            return
        self.worst = max(ratio, self.worst or 0.0)
        grows, fact = self._cause(self.sides[0]) or ("arithmetic", "")
        fault.evidence = replace(fault.evidence, facts=(fact,) if fact else (), grows=grows)
        raise fault

    def _arithmetic(self, sizes: Mapping[str, Any]) -> tuple[float, Fault]:
        """How much arithmetic the submission does beside the reference, and the fault of it."""
        self.sides = self.sides or [self.candidate(), self.reference()]
        mine, theirs = costs(self.kata, self.sides, sizes, self.draw, self.device)
        return self._compared(mine, theirs, f"arithmetic at {yardstick(self.kata)}")

    def _count_a_step(self) -> None:
        """The same of a step that goes on from such a call, and of that alone.

        What is copied is not computed: right ones copy what they keep up to three times, so only
        what is far beyond the limit is refused.
        """
        try:
            mine, theirs = step_costs(self.kata, self.sides, {}, self.draw)
        except Fault:
            return
        what = f"arithmetic in a single step after {yardstick(self.kata)}"
        ratio, fault = self._compared(mine, theirs, what)
        if ratio > self.limit * COPIES:
            self.worst = max(ratio, self.worst or 0.0)
            grows, fact = PAST
            fault.evidence = replace(fault.evidence, facts=(fact,), grows=grows)
            raise fault

    def _compared(self, mine: Cost, theirs: Cost, what: str) -> tuple[float, Fault]:
        ratio = mine.work / max(theirs.work, 1)
        said = f"{multiple(ratio, self.limit)} the reference's {what}"
        frames = () if mine.hardest is None else (mine.hardest,)
        said += f", most of it in line {frames[0].line}" if frames else ""
        message = f"{said}; the limit is {self.limit:g}×"
        return ratio, Fault(Verdict.TIME_LIMIT, message, Evidence(frames=frames))

    def _endless(self, fault: Fault, me: Side) -> Fault:
        """The fault of what never answered, with what it grows with where that shows."""
        grows, fact = self._cause(me) or ("", "")
        if grows:
            fault.evidence = replace(fault.evidence, hung=False, facts=(fact,), grows=grows)
        return fault

    def _cause(self, me: Side) -> tuple[str, str] | None:
        """What it grows with that makes it slow, in a word and as a sentence; None for nothing."""
        try:
            found = growth(self.kata, me, self.draw, self.device, self.sides[1])
        except Fault:
            return None
        products = found.products
        if found.loop[0]:
            return found.loop
        if not products:
            return None
        size = f"a tensor of {found.formula(products[0])} elements"
        return " ".join(products), f"{size}: {remedy(products)}"

    def _labour(self) -> tuple[str, str]:
        """That it does more arithmetic than it may, in the same way; empty where it does not."""
        try:
            ratio, fault = self._arithmetic({})
        except Fault:
            return "", ""
        return ("arithmetic", fault.message) if ratio > self.limit else ("", "")

    @property
    def limit(self) -> float:
        """The kata's limit, as a multiple of the reference's time."""
        return self.kata.budget_limit

    def _decide(self, course: Course, me: Side, other: Side) -> tuple[float, bool]:
        """The ratio that counts, and whether the machine is quiet enough to refuse by it alone."""
        enough = self.limit * HOPELESS
        course.prepare(me, other)
        ratio = ratio_of(*course.round(me, other, *SHORT, enough))
        if ratio <= self.limit * CLEAR:
            return ratio, True
        mine, others = list[Lap](), list[Lap]()
        for _ in range(ROUNDS):
            more = course.round(me, other, *LONG, enough)
            mine, others = [*mine, *more[0]], [*others, *more[1]]
            ratio = ratio_of(mine, others)
            if ratio <= self.limit * LIKELY:
                break
        if ratio <= self.limit:
            return ratio, True
        if self.device == "cpu" and me.steady and other.steady:
            return ratio, True
        noise = self._noise(course, other)
        # What strays by some factor from itself can explain a ratio that much over the limit.
        return ratio, noise <= NOISY or ratio > self.limit * noise

    def _noise(self, course: Course, other: Side) -> float:
        """By what factor the reference strays from itself."""
        twin = self.reference()
        try:
            course.prepare(twin)
            itself = ratio_of(*course.round(twin, other, *LONG, enough=float("inf")))
        finally:
            twin.conversation.close()
        return max(itself, 1 / itself)


def processors() -> list[int]:
    """Those that this process may run on."""
    known = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
    return sorted(known)


def _behind(arguments: Arguments, first: int) -> dict[str, Any]:
    """Arguments of a call in a request with so many calls before the first of its turn."""
    return {
        name: After(value.call + first) if isinstance(value, After) else value
        for name, value in arguments.items()
    }


@dataclass
class Course:
    """One size to race at."""

    make: Make
    truth: Truth
    construct: Mapping[str, Any]
    weights: Weights
    device: str

    @property
    def goes_on(self) -> bool:
        """Whether calls go on from others."""
        return any(len(request.chain(len(request.calls) - 1)) > 1 for request in [self._request(1)])

    def prepare(self, *sides: Side) -> None:
        """Have the layers built that are going to race."""
        request = self._request(WARM_SETS)
        for side in sides:
            side.prepare(request)

    def round(
        self, me: Side, other: Side, warm: int, pairs: int, enough: float
    ) -> tuple[list[Lap], list[Lap]]:
        """The laps of both over some pairs, each pair in random order, all on one processor.

        What shares the chip slows one processor and not another, for whole rounds.
        """
        processor = random.choice(processors())
        for side in (me, other):
            side.move_to(processor)
        laps: dict[int, list[Lap]] = {id(me): [], id(other): []}
        for number in range(warm + pairs):
            # Drawn before they are shuffled, so that a seed gives the same inputs again.
            sets = SETS if number >= warm else WARM_SETS
            order = [(me, self._request(sets)), (other, self._request(sets))]
            random.shuffle(order)
            for side, request in order:
                lap = self._lap(side, request, verify=side is me)
                if number >= warm:
                    laps[id(side)].append(lap)
            if number > warm and ratio_of(laps[id(me)], laps[id(other)]) > enough:
                break
        return laps[id(me)], laps[id(other)]

    def _request(self, sets: int) -> Request:
        calls: list[Call] = []
        for made in (self.make() for _ in range(sets)):
            turns = [made] if isinstance(made, Mapping) else made
            calls += [Call(_behind(turn, len(calls))) for turn in turns]
        return Request(self.construct, self.weights, tuple(calls), device=self.device)

    def _lap(self, side: Side, request: Request, *, verify: bool) -> Lap:
        answers, seconds = side.lap(request)
        if verify:
            self._verify(answers)
        return seconds

    def _verify(self, answers: Sequence[Answer]) -> None:
        if isinstance(self.truth, Definition):
            self.truth.agree(answers)
            return
        given = (self.weights,) if self.weights else ()
        for answer in answers:
            assert_matches(answer, self.truth(*given, **answer.call.arguments))
