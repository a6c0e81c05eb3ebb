"""The time budget: what a ratio is made of, and whom it refuses.

The sides of these races are fakes that answer rightly and say how long it took; nobody waits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout
from grader.exchange.request import Request
from grader.judge import race as module
from grader.judge.measure import Cost, Lap, Side
from grader.judge.race import (
    CLEAR,
    HOPELESS,
    LIKELY,
    LONG,
    NOISY,
    ROUNDS,
    SETS,
    SHORT,
    WARM_SETS,
    Race,
    ratio_of,
)
from grader.kata.kata import find
from grader.report.verdict import Fault, Verdict

KATA = find("sdpa")
LIMIT = KATA.budget_limit
SHORT_LAPS, LONG_LAPS = sum(SHORT), sum(LONG)


def laps(*pairs: tuple[float, float]) -> list[Lap]:
    """Laps by their way and their work."""
    return [Lap(work, way) for way, work in pairs]


# --- the ratio --------------------------------------------------------------------------------


def test_the_quickest_laps_are_compared() -> None:
    mine = laps((1, 9), (1, 4), (1, 30))
    others = laps((1, 50), (1, 2), (1, 3))
    assert ratio_of(mine, others) == 2.0


def test_the_way_there_and_back_is_nobodys_time() -> None:
    assert ratio_of(laps((100, 2)), laps((100, 2))) == 1.0
    assert ratio_of(laps((1, 2)), laps((100, 2))) == 1.0, "nor does it pay to be quick on it"


def test_who_begins_before_the_word_to_go_or_ends_after_its_work_gains_nothing() -> None:
    honest, early = laps((1, 8)), laps((9, 0.1))
    assert ratio_of(early, laps((1, 2))) >= ratio_of(honest, laps((1, 2)))


def test_nor_does_who_does_so_in_every_other_lap() -> None:
    """Neither minimum may be taken apart: one lap's way with another's work."""
    alternating = laps((1, 8), (9, 0.1), (1, 8), (9, 0.1))
    assert ratio_of(alternating, laps((1, 2))) >= 4.0


def test_the_references_quickest_way_counts() -> None:
    assert ratio_of(laps((3, 2)), laps((9, 2), (1, 2))) == 2.0


# --- the decision -----------------------------------------------------------------------------


@dataclass
class Talk:
    """A conversation that is only ever closed, or asked how many operations calls took."""

    calls: Callable[[Mapping[str, Any]], int] = lambda _: 1
    closed: int = 0
    asked: int = 0

    def run(self, message: Mapping[str, Any]) -> dict[str, Any]:
        self.asked += 1
        said = {"operations": self.calls(message), "peak": 0, "largest": {}}
        said |= {"work": 1, "hardest": None}
        return {"memory": said, "cut": True}

    def close(self) -> None:
        self.closed += 1


@dataclass
class Runner:
    """A side of a race: right answers, and seconds as the script has them."""

    seconds: Iterator[float]
    conversation: Talk = field(default_factory=Talk)
    layout: Layout = field(default_factory=Layout)
    answer: Callable[[Tensor], Tensor] = lambda value: value
    seen: list[Request] = field(default_factory=list, repr=False)
    order: list[Runner] = field(default_factory=list, repr=False)
    prepared: list[Request] = field(default_factory=list, repr=False)
    steady: bool = False
    places: list[int] = field(default_factory=list, repr=False)

    def move_to(self, processor: int) -> None:
        self.places.append(processor)

    def prepare(self, request: Request) -> None:
        self.prepared.append(request)
        self.order.append(self)

    def lap(self, request: Request) -> tuple[tuple[Answer, ...], Lap]:
        self.seen.append(request)
        self.order.append(self)
        outputs = (self.answer(call.arguments["value"]) for call in request.calls)
        answers = (Answer(output, "tensor", request, n) for n, output in enumerate(outputs))
        return tuple(answers), Lap(next(self.seconds), 0.0)

    def cost(self, request: Request) -> Cost:
        return Side(self.conversation, self.layout).cost(request)  # type: ignore[arg-type]


@dataclass
class Held:
    """A race with these seconds, lap by lap; the last number goes on for ever."""

    mine: Sequence[float]
    others: Sequence[float] = (1.0,)
    twins: Sequence[float] = (1.0,)
    talk: Talk = field(default_factory=Talk)
    answer: Callable[[Tensor], Tensor] = lambda value: value
    steady: bool = False
    """Whether both have a clock that stands still while the machine is busy."""
    sides: list[Runner] = field(default_factory=list, repr=False)
    order: list[Runner] = field(default_factory=list, repr=False)
    """Whose turn it was, turn by turn."""

    def __post_init__(self) -> None:
        self.draw = Draw(1, "race")
        scripts = iter([self.others, self.twins])
        self.race = Race(
            KATA,
            lambda: self._side(self.mine, self.talk, self.answer),  # type: ignore[arg-type, return-value]
            lambda: self._side(next(scripts), Talk(), lambda v: v),  # type: ignore[arg-type, return-value]
            Draw(1, "weights"),
        )

    def _side(
        self, seconds: Sequence[float], talk: Talk, answer: Callable[[Tensor], Tensor]
    ) -> Runner:
        script = itertools.chain(seconds, itertools.repeat(seconds[-1]))
        self.sides.append(Runner(script, talk, answer=answer, order=self.order))
        self.sides[-1].steady = self.steady
        return self.sides[-1]

    def run(self, size: str = "some sizes", **construct: Any) -> None:
        self.race(size, self.make, lambda **given: given["value"].double(), **construct)

    def make(self) -> dict[str, Tensor]:
        return {name: self.draw(4, 6, 8) for name in ("query", "key", "value")}

    @property
    def laps(self) -> list[int]:
        return [len(side.seen) for side in self.sides]


def refusal(held: Held, **construct: Any) -> Fault:
    with pytest.raises(Fault) as raised:
        held.run(**construct)
    return raised.value


def rounds(short: float, *long: float) -> list[float]:
    """A script by rounds: how long each lap of the short round and of the long ones takes."""
    return [short] * SHORT_LAPS + [lap for each in long for lap in [each] * LONG_LAPS]


def test_a_clear_pass_needs_one_short_round() -> None:
    held = Held([LIMIT * CLEAR])
    held.run()
    assert held.laps == [SHORT_LAPS, SHORT_LAPS]
    assert held.race.worst == pytest.approx(LIMIT * CLEAR, abs=0.01)
    assert held.race.limit == LIMIT


def test_a_pass_that_is_not_clear_is_looked_at_longer() -> None:
    """A short round strays: it may neither pass nor refuse what is near the limit."""
    for short in (LIMIT * (CLEAR + 1) / 2, LIMIT * 1.5):
        held = Held(rounds(short, LIMIT * LIKELY))
        held.run()
        assert held.laps == [SHORT_LAPS + LONG_LAPS] * 2
        assert held.race.worst == pytest.approx(LIMIT * LIKELY, abs=0.01)


@pytest.mark.parametrize("bad", range(ROUNDS))
def test_one_good_long_round_is_a_pass_after_bad_ones(bad: int) -> None:
    held = Held(rounds(LIMIT * 1.1, *[LIMIT * 1.2] * bad, LIMIT * LIKELY))
    held.run()
    assert held.laps == [SHORT_LAPS + (bad + 1) * LONG_LAPS] * 2
    assert held.race.worst == pytest.approx(LIMIT * LIKELY)


def test_what_is_near_the_limit_is_looked_at_to_the_end() -> None:
    """A round that strays lets nobody through by a hair's breadth."""
    near = LIMIT * (LIKELY + 1) / 2
    held = Held([near])
    held.run()
    assert held.laps == [SHORT_LAPS + ROUNDS * LONG_LAPS] * 2
    assert held.race.worst == pytest.approx(near)
    disturbed = [1.0] * SHORT_LAPS + [LIMIT / near] * LONG_LAPS + [1.0]
    assert refusal(Held([LIMIT * 1.02], disturbed)).verdict is Verdict.TIME_LIMIT


def test_the_quickest_laps_of_all_rounds_are_compared() -> None:
    """Or a reference that was disturbed in one of them would let the slow pass."""
    others = [1.0] * SHORT_LAPS + [1.0] * LONG_LAPS + [2.0] * LONG_LAPS + [1.0] * LONG_LAPS
    assert refusal(Held([LIMIT * 1.4], others)).verdict is Verdict.TIME_LIMIT


def test_a_refusal_needs_three_long_bad_rounds_and_a_steady_reference() -> None:
    held = Held(rounds(LIMIT * 1.4, *[LIMIT * 1.3, LIMIT * 1.2, LIMIT * 1.25]))
    fault = refusal(held)
    assert fault.verdict is Verdict.TIME_LIMIT
    assert fault.message == (
        f"{LIMIT * 1.2:.1f}× the reference's time on some sizes; the limit is {LIMIT:g}×"
    )
    long = SHORT_LAPS + ROUNDS * LONG_LAPS
    assert held.laps == [long, long + LONG_LAPS, LONG_LAPS], "and its twin against the reference"
    assert held.race.worst == pytest.approx(LIMIT * 1.2), "the best of its rounds counts"


def test_the_warm_up_does_not_count() -> None:
    warm = [LIMIT * 9] * SHORT[0] + [1.0]
    held = Held(warm)
    held.run()
    assert held.race.worst == 1.0
    cheat = Held([0.001] * SHORT[0] + [LIMIT * 2])
    assert refusal(cheat).verdict is Verdict.TIME_LIMIT


def test_what_is_hopeless_is_not_run_to_the_end() -> None:
    held = Held([LIMIT * HOPELESS * 1.1])
    assert refusal(held).verdict is Verdict.TIME_LIMIT
    assert held.laps[0] < SHORT_LAPS + ROUNDS * LONG_LAPS
    slower = Held([LIMIT * HOPELESS * 0.9])
    refusal(slower)
    assert slower.laps[0] == SHORT_LAPS + ROUNDS * LONG_LAPS


@pytest.mark.parametrize("noise", [NOISY * 1.2, 1 / (NOISY * 1.2)])
def test_a_reference_far_from_itself_refuses_nobody(noise: float) -> None:
    held = Held([LIMIT * 1.1], twins=[noise])
    held.run("many sequences")
    assert held.race.worst is None
    assert held.race.undecided == ["many sequences"]


@pytest.mark.parametrize("noise", [NOISY * 1.2, 1 / (NOISY * 1.2)])
def test_unless_noise_does_not_explain_it(noise: float) -> None:
    assert refusal(Held([LIMIT * NOISY * 1.3], twins=[noise])).verdict is Verdict.TIME_LIMIT


def test_by_a_clock_that_stands_still_meanwhile_a_noisy_machine_is_no_excuse() -> None:
    held = Held([LIMIT * 1.1], twins=[NOISY * 9], steady=True)
    assert refusal(held).verdict is Verdict.TIME_LIMIT
    assert held.laps == [SHORT_LAPS + ROUNDS * LONG_LAPS] * 2, "no twin is asked"


def test_one_good_round_is_a_pass_by_that_clock_too() -> None:
    held = Held(rounds(LIMIT * 1.1, LIMIT * 1.2, LIMIT), steady=True)
    held.run()
    assert held.race.undecided == []


def test_an_accelerator_works_by_no_such_clock() -> None:
    held = Held([LIMIT * 1.1], twins=[NOISY * 1.2], steady=True)
    held.race.device = "cuda"
    held.run("many sequences")
    assert held.race.undecided == ["many sequences"]


def test_a_little_noise_is_no_excuse() -> None:
    assert refusal(Held([LIMIT * 1.1], twins=[NOISY * 0.9])).verdict is Verdict.TIME_LIMIT


def test_the_worst_of_several_sizes_is_reported() -> None:
    held = Held([1.0] * SHORT_LAPS + [1.5] * SHORT_LAPS + [1.2])
    for _ in range(3):
        held.run()
    assert held.race.worst == 1.5
    assert len(held.sides) == 2, "by the same two workers"


def test_a_race_that_was_not_run_has_no_ratio() -> None:
    assert Held([1.0]).race.worst is None


def test_workers_are_handed_back_the_twin_at_once() -> None:
    held = Held([LIMIT * 1.1])
    refusal(held)
    assert [side.conversation.closed for side in held.sides] == [0, 0, 1]
    held.race.close()
    held.race.close()
    assert [side.conversation.closed for side in held.sides] == [1, 1, 1]


# --- what is asked ----------------------------------------------------------------------------


def test_every_lap_has_inputs_of_its_own_several_at_once() -> None:
    """So nothing can be cached: not within a request, not between laps, not between sides."""
    held = Held([1.0])
    held.run()
    requests = [request for side in held.sides for request in side.seen]
    assert [len(r.calls) for r in held.sides[0].seen] == [WARM_SETS] * SHORT[0] + [SETS] * SHORT[1]
    values = [call.arguments["value"] for request in requests for call in request.calls]
    assert all(not torch.equal(a, b) for a, b in itertools.combinations(values, 2))


def test_the_same_seed_gives_a_side_the_same_inputs_whoever_begins() -> None:
    """Or the same wrong answer would be told in other words each time."""
    firsts = set()
    for _ in range(8):
        held = Held([1.0])
        held.run()
        firsts.add(float(held.sides[0].seen[0].calls[0].arguments["value"].sum()))
    assert len(firsts) == 1


def test_layers_are_built_once_a_size_and_before_any_lap() -> None:
    held = Held([LIMIT * 1.1], twins=[NOISY * 0.9])
    refusal(held)
    assert [len(side.prepared) for side in held.sides] == [1, 1, 1]
    assert held.order[:2] == held.sides[:2]
    again = Held([1.0])
    for _ in range(3):
        again.run()
    assert [len(side.prepared) for side in again.sides] == [3, 3]


def test_both_run_on_one_processor_which_is_drawn_anew_for_each_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "processors", lambda: range(10**12))
    held = Held([LIMIT * 1.1], steady=True)
    refusal(held)
    mine, other = (side.places for side in held.sides)
    assert mine == other
    assert len(set(mine)) == len(mine) == 1 + ROUNDS


def test_who_begins_is_drawn_anew_for_each_pair() -> None:
    held = Held([LIMIT * 1.1])
    refusal(held)
    laps = held.order[2 : 2 + 2 * (SHORT_LAPS + ROUNDS * LONG_LAPS)]
    pairs = list(zip(laps[::2], laps[1::2], strict=True))
    assert all(one is not other for one, other in pairs)
    first = {id(one) for one, _ in pairs}
    assert first == {id(side) for side in held.sides[:2]}


@pytest.mark.parametrize("number", range(SHORT[0] * WARM_SETS + SHORT[1] * SETS))
def test_every_answer_is_verified_the_warm_up_included(number: int) -> None:
    count = itertools.count()
    held = Held([1.0], answer=lambda value: value + (next(count) == number))
    assert refusal(held).verdict is Verdict.WRONG_ANSWER


# --- what is slow -----------------------------------------------------------------------------

LOOPS: dict[str, tuple[Callable[[Mapping[str, Any]], int], str]] = {
    "batch": (lambda a: 3 + 10 * len(a["query"]), "63 torch operations, 33 for half the batch"),
    "rows": (lambda a: 3 + 10 * a["query"].size(-2), "123 torch operations, 63 for half the rows"),
}


@pytest.mark.parametrize("what", LOOPS)
def test_a_loop_is_told_by_what_its_calls_grow_with(what: str) -> None:
    count, said = LOOPS[what]
    talk = Talk(lambda message: count(message["calls"][0]["arguments"]))
    fault = refusal(Held([LIMIT * 2], talk=talk))
    assert fault.evidence.grows == what
    assert fault.evidence.facts == (f"{said}: a Python loop over the {what}",)


def test_what_grows_with_nothing_is_no_loop() -> None:
    fault = refusal(Held([LIMIT * 2], talk=Talk(lambda _: 40)))
    assert (fault.evidence.grows, fault.evidence.facts) == ("", ())
    lost = refusal(Held([LIMIT * 2], talk=Talk(lambda _: 0)))
    assert (lost.evidence.grows, lost.evidence.facts) == ("", ())


def test_who_passes_is_not_asked_what_is_slow() -> None:
    held = Held([1.0])
    held.run()
    assert held.talk.asked == 0
