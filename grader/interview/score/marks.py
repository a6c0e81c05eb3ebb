"""The rules by which a round scores what can be computed, each with the evidence for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from grader.interview.flow.progress import PROVE, TWIST, Grade, Item, State
from grader.interview.round.choices import title
from grader.interview.round.rounds import ready_made
from grader.kata.kata import KataError, find
from grader.kata.refused import Refused
from grader.report.verdict import Verdict
from grader.report.words import minutes

MISSED = 2
"""A score up to which a question counts as missed."""

ATTEMPTS = {1: 4, 2: 3, 3: 2, 4: 2}
"""What it is worth to be right at the n-th attempt; later ones, and never, are worth 1."""


def rounded(mean: float) -> int:
    """The nearest score, halves downwards: in doubt, not yet."""
    return min(4, max(1, math.ceil(mean - 0.5)))


def score(state: State, item: Item) -> int | None:
    """The score of an answer; none given at all is a 1, and what was not reached has none."""
    reply = state.replies.get(item.key)
    if reply is not None and not reply.text and item.key not in state.scores:
        return 1
    return state.scores.get(item.key)


def spoken(state: State) -> tuple[str, ...]:
    """Facts beside a rating of communication: what was answered, and how well."""
    asked = [item for item in state.items if item.kind != TWIST and item.key in state.replies]
    if not asked:
        return ()
    answered = [item for item in asked if state.replies[item.key].text]
    cut = sum(state.replies[item.key].cut for item in answered)
    facts = f"answered {len(answered)} of {_count(len(asked), 'question')}"
    scores = [s for item in asked if (s := score(state, item)) is not None]
    mean = f", scored {fmean(scores):.1f} on average" if scores else ""
    return (facts + (f", {cut} cut by the clock" if cut else "") + mean,)


def led(state: State) -> tuple[str, ...]:
    """Facts beside a rating of problem solving: the help taken, and the boxes overrun."""
    if not state.entered:
        return ()
    hints, over = sum(state.hints.values()), len(state.overtime)
    return (f"{_count(hints, 'hint')} taken, {_count(over, 'stage')} overrun",)


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def technical(state: State) -> tuple[int | None, tuple[str, ...]]:
    """The mean over the code stages that were reached, and their evidence.

    Accepted is worth 3. One more with two stars or three, and no hint, within the kata's par or
    the stage's box, whichever is longer; one less with two hints or more. Not accepted is worth 2
    where nine in ten required checks pass, else 1. What the judge itself failed at is left out.
    """
    points, evidence = [], []
    for index, stage in enumerate(state.plan.stages):
        if stage.kind == "code" and index in state.entered:
            worth, words = _code(state, index)
            points += [worth] if worth else []
            evidence.append(words)
    return (rounded(fmean(points)) if points else None), tuple(evidence)


def _code(state: State, index: int) -> tuple[int | None, str]:
    stage = state.plan.stages[index]
    answers = [g for g in state.grades if g.stage == index and g.kata == stage.kata]
    grades = [g for g in answers if g.data["verdict"] != Verdict.INTERNAL_ERROR]
    hints = state.hints.get(index, 0)
    help_taken = f", {_count(hints, 'hint')}" if hints else ""
    passed = [g for g in grades if g.accepted]
    if answers and not grades:
        return None, f"{stage.kata}: the judge failed, and nothing was graded{help_taken}"
    if not grades:
        return 1, f"{stage.kata}: nothing was graded{help_taken}"
    if not passed:
        done, total = max((g.data["required"] for g in grades), key=_share)
        near = _share((done, total)) >= 0.9
        return (2 if near else 1), (
            f"{stage.kata}: not accepted, {done} of {total} required checks passed{help_taken}"
        )
    took = passed[0].elapsed - state.entered[index]
    limit = max(stage.seconds, par(stage.kata) * 60)
    stars = max(g.data["stars"] for g in passed)
    worth = 3 + (stars >= 2 and not hints and took <= limit) - (hints >= 2)
    return worth, (
        f"{stage.kata}: accepted with {'★' * stars} after {minutes(took)} "
        f"(par {minutes(par(stage.kata) * 60)}){help_taken}"
    )


def _share(passed: tuple[int, int] | list[int]) -> float:
    return passed[0] / passed[1] if passed[1] else 0.0


def par(slug: str) -> float:
    """A kata's par in minutes; none where the kata is gone."""
    try:
        return find(slug).par_minutes
    except (Refused, KataError):
        return 0.0


def testing(state: State) -> tuple[int | None, tuple[str, ...]]:
    """The mean of three things, each where there was occasion for it, and their evidence.

    Predictions: 4 for a right one, 1 for a wrong one. Proofs: as they were scored. Code: by the
    number of attempts it took to be right, because each is a test that could have been run first;
    code that never ran is worth 1.
    """
    points: list[float] = []
    evidence: list[str] = []
    told = [right for right in state.prediction.values() if right is not None]
    if told:
        points.append(fmean(4 if right else 1 for right in told))
        evidence.append(f"{sum(told)} of {len(told)} predictions came true")
    proofs = [s for i in state.items if i.kind == PROVE and (s := score(state, i)) is not None]
    if proofs:
        points.append(fmean(proofs))
        evidence.append("how to show that two layers are equal: " + ", ".join(map(str, proofs)))
    tries = [_attempts(state, i) for i, s in enumerate(state.plan.stages) if s.kind == "code"]
    known = [t for t in tries if t is not None]
    if known:
        points.append(fmean(worth for worth, _ in known))
        evidence += [words for _, words in known]
    return (rounded(fmean(points)) if points else None), tuple(evidence)


def _attempts(state: State, index: int) -> tuple[int, str] | None:
    kata = state.plan.stages[index].kata
    answers = [g for g in state.grades if g.stage == index and g.kata == kata]
    grades = [g for g in answers if _is_try(g)]
    if not grades:
        failed = any(g.data["verdict"] == Verdict.INTERNAL_ERROR for g in answers)
        reached = index in state.entered and not failed
        return (1, f"{kata}: never ran") if reached else None
    for number, grade in enumerate(grades, 1):
        if grade.accepted:
            return ATTEMPTS.get(number, 1), f"{kata}: right at attempt {number}"
    return 1, f"{kata}: not right after {_count(len(grades), 'attempt')}"


def _is_try(grade: Grade) -> bool:
    """Half a file saved is no attempt, and a failure of the judge not the candidate's."""
    return grade.data["verdict"] not in (Verdict.INVALID_SUBMISSION, Verdict.INTERNAL_ERROR)


def practise(state: State) -> Iterator[str]:
    """What to work on next, each with the command that begins it."""
    for index, stage in enumerate(state.plan.stages):
        if stage.kind == "code" and index in state.entered:
            last = state.last_grade(stage.kata)
            if last is None or not last.accepted:
                yield f"{stage.kata} was not accepted: kata start {stage.kata} --force"
    named = {m[0]: m[1] for g in state.grades for m in g.data["mistakes"]}
    for pitfall, mistake in named.items():
        yield f"{mistake}: kata explain {pitfall}"
    for item in state.items:
        if state.prediction.get(item.key) is False:
            yield f"{title(item.experiment)}: predicted wrongly: kata show {item.kata}"
    missed: dict[str, int] = {}
    for item in state.items:
        worth = score(state, item)
        if worth is not None and worth <= MISSED and item.kata:
            missed[item.kata] = missed.get(item.kata, 0) + 1
    for slug, times in missed.items():
        what = "a question" if times == 1 else f"{times} questions"
        yield f"missed {what} on {slug}: kata show {slug}"
    if state.plan.name in (file.stem for file in ready_made()):
        yield f"the round again, with other questions: kata interview {state.plan.name}"
    yield "what is due, or new: kata next"
