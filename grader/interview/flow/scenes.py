"""What is said at each point of a round: pure functions of its state."""

from __future__ import annotations

from collections.abc import Iterator

from grader.interview.flow.position import Position, Step
from grader.interview.flow.progress import TWIST, Item, State
from grader.interview.round.choices import choices, label
from grader.interview.round.plan import Round, Stage
from grader.interview.round.rubric import RUBRIC, SCALE
from grader.interview.say import BAD, DIM, GOOD, QUOTE, TITLE, WARN, Say
from grader.kata.kata import find
from grader.report.words import minutes

HELP = """\
Text that begins with no slash is your answer, or a remark. End a line with \\ to go on in the next.

/next     go on: to the next question, or the next stage
/more     overrun this stage (it is noted)
/grade    grade your file now; saving it does so, too
/edit     open it in $VISUAL or $EDITOR
/show     the statement of the kata
/hint     a hint (it is noted)
/note …   a note to yourself, for the scorecard
/where    the prompt again, and the clock
/quit     pause: `kata interview --resume` goes on"""


def welcome(plan: Round) -> Iterator[Say]:
    """What a round begins with."""
    yield Say(plan.title, TITLE)
    for stage in plan.stages:
        yield Say(f"{_span(stage.seconds)}  {stage.title}", DIM, indent=2)
    yield Say("The clock runs. /help shows what you can type.", DIM)


def stage(state: State) -> Iterator[Say]:
    """The heading and the prompt of a stage."""
    now, total = state.current, len(state.plan.stages)
    yield Say()
    yield Say(f"{state.stage + 1}/{total}  {now.title}  ({_span(now.seconds)})", TITLE)
    if now.prompt:
        yield Say(now.prompt)
    elif now.kind == "code":
        yield Say(f"Write {find(now.kata).entry.signature}: {find(now.kata).summary}.")


def _span(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def step(state: State, here: Position) -> Iterator[Say]:
    """What is said when the round comes to wait for something."""
    item = here.item
    match here.step:
        case Step.ASK if item is not None and item.kind == "questions":
            asked = state.asked_in(item.key[0])
            yield Say()
            yield Say(f"Question {item.key[1] + 1} of {len(asked)}, {item.level}:", DIM)
            yield Say(item.ask)
        case Step.PREDICT if item is not None:
            yield Say()
            yield from prediction(item)
        case Step.SEEING:
            yield Say("The judge tries it with your code …", DIM)
        case Step.PROVING:
            yield Say("Now the judge compares …", DIM)
        case Step.MARK if item is not None:
            yield Say(f"You said: {state.replies[item.key].text}", QUOTE)
            yield Say("Was that it? y or n")
        case Step.SCORE if item is not None:
            yield from score(item, repeat=state.current.kind == "close")
        case Step.DISCUSS:
            yield Say("Talk it over; Enter goes on to the next.", DIM)
        case Step.READY:
            yield from ready(state)
        case Step.NOTES:
            yield Say("Note what you want to keep; an empty line ends the notes.", DIM)
        case Step.RATE:
            yield from rate(here.dimension)
        case Step.WAIT:
            yield Say("Thank you. The interviewer rates the round now.", DIM)


def prediction(item: Item) -> Iterator[Say]:
    """An experiment's question, and what may be predicted."""
    yield Say(item.ask)
    for number, (_, name) in enumerate(choices(item.experiment), 1):
        yield Say(f"{number}  {name}", indent=2)
    yield Say("Predict: a number, or your own words.", DIM)


def ready(state: State) -> Iterator[Say]:
    """Everything in a stage is done."""
    if state.current.kind == TWIST and not state.host:
        yield from points(state.current.answer, state.current.look_for)
    yield Say("Enter goes on to the next stage.", DIM)


def points(answer: str, look_for: tuple[str, ...]) -> Iterator[Say]:
    """A model answer, and what a good one holds."""
    if answer or look_for:
        yield Say()
    if answer:
        yield Say("A model answer:", DIM)
        yield Say(answer, QUOTE, indent=2)
    if look_for:
        yield Say("A good answer holds:", DIM)
        for point in look_for:
            yield Say(f"· {point}", QUOTE, indent=2)


def score(item: Item, *, repeat: bool) -> Iterator[Say]:
    """Ask for the score of an answer."""
    if repeat:
        yield Say()
        yield Say(f"Not scored yet: {item.ask}")
        yield from points(item.model_answer, item.look_for)
    yield Say()
    scale = " · ".join(f"{n} {words}" for n, words in SCALE.items())
    yield Say(f"How close were you?  {scale}", WARN)


def rate(dimension: str) -> Iterator[Say]:
    """Ask for a rating in the rubric's words."""
    yield Say()
    yield Say(f"Rate your {dimension}, 1 to 4:", WARN)
    for number, words in RUBRIC[dimension].items():
        yield Say(f"{number}  {words}", indent=2)


def seen(state: State, item: Item) -> Iterator[Say]:
    """What an experiment showed, beside what was predicted."""
    outcome, reply = state.seen[item.key], state.replies[item.key]
    if outcome.failed:
        yield Say(f"It could not be tried: {outcome.failed}", WARN)
        return
    right = state.prediction[item.key]
    what = label(item.experiment, outcome.happened)
    yield Say(f"What happened: {what}", TITLE)
    for line in outcome.said:
        yield Say(line, QUOTE, indent=2)
    if right:
        yield Say("As predicted.", GOOD)
    elif right is False and reply.text:
        said = label(item.experiment, reply.choice) if reply.choice else reply.text
        yield Say(f"The prediction was: {said}", BAD)


def clock(state: State, elapsed: float) -> Say:
    """The clock in words; in a code stage also where the code is."""
    left = state.left(elapsed)
    word = "left" if left >= 0 else "over"
    total = state.plan.seconds - elapsed
    rest = f"{minutes(total)} {'left of' if total >= 0 else 'over in'} the round"
    kata = state.current.kata
    file = f"\nYour file: {state.file(kata)}" if kata else ""
    return Say(f"{minutes(left)} {word} in “{state.current.title}”, {rest}.{file}", DIM)


def warning(stage: Stage, left: float) -> Say:
    """The box is about to end."""
    return Say(f"{_span(max(1.0, round(left)))} left for “{stage.title}”.", WARN)
