"""How a round moves on: from one thing it waits for to the next, whatever made it move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grader.interview.flow import scenes, verdicts
from grader.interview.flow.moves import Finish, Record, Stub, Type, Wanted
from grader.interview.flow.position import Position, Step, position
from grader.interview.flow.progress import TWIST, Item, fold
from grader.interview.round.choices import meant
from grader.interview.round.event import Event
from grader.interview.round.plan import Round
from grader.interview.say import DIM, TITLE, Say
from grader.judge.background import Order


class Flow:
    """Where one round stands, and its ways from there.

    What it wants done comes from generators: what it wants next may depend on what was recorded
    meanwhile.
    """

    def __init__(self, plan: Round, number: int, events: Iterable[Event] = ()) -> None:
        self.plan = plan
        self.number = number
        self.events = list(events)
        self.state = fold(plan, self.events)

    def apply(self, event: Event) -> None:
        """An event is in the record: the state follows."""
        self.events.append(event)
        self.state = fold(self.plan, self.events)

    @property
    def here(self) -> Position:
        """What the round waits for."""
        return position(self.state)

    def begin(self) -> Iterator[Wanted]:
        """Begin, or go on where the record ends."""
        if self.here.step is Step.BEGIN:
            yield from scenes.welcome(self.plan)
            yield from self.company()
            yield from self.enter(0, "begin")
            return
        draft = self.state.draft
        yield Record("resumed")
        yield Say(f"{self.plan.title}: going on.", TITLE)
        yield from self.company()
        yield from self._restate()
        if draft:
            yield Type(draft)

    def company(self) -> Iterator[Wanted]:
        """Say that an interviewer follows, where one does."""
        if self.state.host:
            yield Say("An interviewer has joined, and follows what you do here.", DIM)

    # --- moving on ----------------------------------------------------------------------------

    def enter(self, index: int, why: str) -> Iterator[Wanted]:
        """Go into a stage."""
        yield Record("stage", {"stage": index, "why": why})
        yield from self._restate()

    def _restate(self) -> Iterator[Wanted]:
        """The prompt of the stage, and of what is asked in it now."""
        yield from scenes.stage(self.state)
        if self.here.step is Step.CODE:
            kata = self.state.current.kata
            yield Stub(kata)
            last = self.state.last_grade(kata)
            if last is not None and last.stage == self.state.stage:
                yield from verdicts.lines(last.data)
        yield from self.judge_alone()

    def judge_alone(self) -> Iterator[Wanted]:
        """Go on, where the candidate may have to score an answer: not without the model."""
        here = self.here
        if here.step is Step.SCORE and here.item is not None and self.state.current.kind != "close":
            yield from self._reveal(here.item)
        yield from self.go_on()

    def go_on(self) -> Iterator[Wanted]:
        """Say and do what the round waits for now."""
        here = self.here
        yield from scenes.step(self.state, here)
        item = here.item
        if here.step is Step.SEEING and item is not None:
            yield Order(item.kata, self.state.file(item.kata), item.experiment, item.key)
        elif here.step is Step.PROVING:
            yield self.grading()
        elif here.step is Step.END:
            yield Record("ended")
            yield Finish(0)
        elif here.step is Step.FINISHED:
            yield Finish(0)

    def next(self, why: str, typed: str = "") -> Iterator[Wanted]:
        """Leave what the round waits for, with what was typed so far."""
        here = self.here
        match here.step:
            case Step.ASK | Step.PREDICT if here.item is not None:
                yield from self.answer(here.item, typed, cut=bool(typed))
                yield from self.go_on()
            case Step.SCORE | Step.MARK | Step.DISCUSS if (
                here.item is not None and self.state.current.kind != "close"
            ):
                yield Record("later", at(here.item))
                yield from self.go_on()
            case Step.NOTES:
                yield Record("done")
                yield from self.go_on()
            case Step.SCORE | Step.RATE | Step.WAIT | Step.END | Step.FINISHED:
                yield Say("This is the last stage; a number is all that is missing.", DIM)
            case _:
                yield from self.keep(typed)
                yield from self.enter(self.state.stage + 1, why)

    def keep(self, typed: str) -> Iterator[Wanted]:
        """Keep words that answer nothing."""
        if typed.strip():
            yield Record("said", {"stage": self.state.stage, "text": typed.strip()})

    def answer(self, item: Item, text: str, *, cut: bool = False) -> Iterator[Wanted]:
        """Take an answer; `cut` by the clock, or by going on."""
        data = {**at(item), "text": text.strip(), "cut": cut}
        if item.kind == TWIST:
            yield Record("predicted", data | {"choice": meant(item.experiment, text)})
            return
        yield Record("answer", data)
        yield from self._reveal(item)

    def _reveal(self, item: Item) -> Iterator[Wanted]:
        if self.state.host:
            yield Say("Kept.", DIM)
        else:
            yield from scenes.points(item.model_answer, item.look_for)

    def grading(self) -> Order:
        """Have this stage's file graded."""
        kata = self.state.current.kata
        return Order(kata, self.state.file(kata), key=(self.state.stage, 0))

    def item(self, key: tuple[int, int]) -> Item:
        """What is asked under a key."""
        return next(item for item in self.state.items if item.key == key)


def at(item: Item) -> dict[str, int]:
    """Where something is asked, as events say it."""
    return {"stage": item.key[0], "item": item.key[1]}
