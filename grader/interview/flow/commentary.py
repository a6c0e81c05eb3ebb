"""What the interviewer reads as a round goes on: more than the candidate does."""

from __future__ import annotations

from collections.abc import Iterator

from grader.interview.flow import scenes, verdicts
from grader.interview.flow.position import TYPED, Step, position
from grader.interview.flow.progress import QUESTION, Item, State
from grader.interview.round.choices import label
from grader.interview.round.event import HOST, Event
from grader.interview.round.rubric import BY_PERSON, DIMENSIONS, RUBRIC, SCALE
from grader.interview.say import BAD, DIM, GOOD, QUOTE, TITLE, WARN, Say
from grader.report.words import minutes

HELP = """\
Text that begins with no slash is a note.

/score 1-4 [N]     the current answer, or the one numbered N: 1 missed it … 4 had all of it
/rate communication 1-4, /rate problem 1-4     for the scorecard; the other two are computed
/next      move the candidate on
/more      let this stage overrun (it is noted)
/rubric    the rubric in words
/where     what the candidate sees now
/end       end the round, and see the scorecard
/quit      leave; the round goes on without you"""


def event(before: State, after: State, happened: Event) -> Iterator[Say]:
    """What there is to say about an event, and about what it leads to."""
    if happened.actor == HOST:
        yield from _own(happened)
    else:
        yield from _candidate(after, happened)
    old, new = position(before), position(after)
    if new != old and new.item is not None and new.step in TYPED:
        yield from asked(new.item)
    elif new.step is Step.WAIT and old.step is not Step.WAIT:
        yield from closing(after)


def _own(happened: Event) -> Iterator[Say]:
    data = happened.data
    match happened.kind:
        case "score":
            yield Say(f"scored {data['score']}: {SCALE[data['score']]}", DIM)
        case "rating":
            yield Say(f"{data['dimension']}: {data['score']}", DIM)
        case "note":
            yield Say("noted", DIM)
        case "overrun":
            yield Say("The candidate has more time.", DIM)


def _candidate(state: State, happened: Event) -> Iterator[Say]:  # noqa: PLR0912 - a table of kinds
    data = happened.data
    key = (int(data.get("stage", -1)), int(data.get("item", 0)))
    match happened.kind:
        case "begun":
            yield Say(f"{state.plan.title}", TITLE)
        case "stage":
            yield from stage(state, data["why"])
        case "answer":
            yield from answer(state, key, data)
        case "predicted":
            said = label(_item(state, key).experiment, data["choice"]) if data["choice"] else ""
            yield Say(f"Predicts: {said or data['text'] or 'nothing'}", QUOTE)
        case "seen":
            yield from scenes.seen(state, _item(state, key))
        case "grade":
            yield Say(f"Verdict on {data['kata']}, at {minutes(happened.elapsed)}:", DIM)
            yield from verdicts.lines(data)
        case "ungraded":
            yield Say(f"Nothing was graded: {data['message']}", DIM)
        case "hint":
            yield Say("The candidate takes a hint.", WARN)
        case "said" | "note":
            yield Say(f"Candidate: {data['text']}", QUOTE)
        case "overrun":
            yield Say("The candidate asks for more time.", WARN)
        case "overtime":
            yield Say("The time for this stage is up; it overruns. /next moves on.", BAD)
        case "paused":
            yield Say("The candidate has paused the round.", WARN)
        case "resumed":
            yield Say("The candidate goes on.", GOOD)
        case "ended":
            yield Say("The round has ended.", TITLE)


def stage(state: State, why: str) -> Iterator[Say]:
    """A stage as the interviewer sees it: the prompt, and what it is for."""
    if why == "time":
        yield Say("The time was up: the round moved on.", WARN)
    yield from scenes.stage(state)
    now = state.current
    if now.kind == "code":
        yield Say(f"The candidate writes {now.kata}.", DIM)
    if now.answer or now.look_for:
        yield from scenes.points(now.answer, now.look_for)


def answer(state: State, key: tuple[int, int], data: object) -> Iterator[Say]:
    """An answer as it was given."""
    assert isinstance(data, dict)
    item = _item(state, key)
    cut = " (cut by the clock)" if data["cut"] and data["text"] else ""
    if not data["text"]:
        yield Say(f"Went on without an answer to #{item.number}.", WARN)
        return
    yield Say(f"Answer to #{item.number}{cut}:", TITLE)
    yield Say(data["text"], QUOTE, indent=2)
    if item.scored:
        yield Say(f"/score 1-4 scores it; later with /score 1-4 {item.number}", DIM)


def asked(item: Item) -> Iterator[Say]:
    """What the candidate is asked now; a question comes with its model answer."""
    if item.kind == QUESTION:
        yield Say()
        yield Say(f"#{item.number} ({item.level}): {item.ask}", TITLE)
        yield from scenes.points(item.model_answer, item.look_for)
    elif item.experiment:
        yield Say(f"#{item.number}: {item.ask}", TITLE)


def closing(state: State) -> Iterator[Say]:
    """The candidate is through: what is left to do."""
    yield Say("The candidate has finished.", TITLE)
    missing = [name for name in BY_PERSON if name not in state.ratings]
    for name in missing:
        yield from rubric(name)
        yield Say(f"/rate {name.split()[0]} 1-4", DIM)
    yield Say("/end ends the round and shows the scorecard.", DIM)


def rubric(*names: str) -> Iterator[Say]:
    """The rubric in words."""
    for name in names or DIMENSIONS:
        computed = "" if name in BY_PERSON else " (computed)"
        yield Say(f"{name}{computed}", TITLE)
        for number, words in RUBRIC[name].items():
            yield Say(f"{number}  {words}", indent=2)


def _item(state: State, key: tuple[int, int]) -> Item:
    return next(item for item in state.items if item.key == key)
