"""The paperwork of a kata: what is missing, malformed or does not belong, as sentences.

Nothing here runs a kata's code. Each document is looked at by itself, so that one that cannot be
read hides no fault of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from grader.author.agreement import disagreements
from grader.judge.experiments.experiment import declared
from grader.kata.hints import rungs as rungs_of
from grader.kata.kata import Kata, KataError, load
from grader.kata.keys import LEVELS
from grader.kata.pitfalls import load_conventions, load_pitfalls
from grader.kata.written import WORDS

DOCUMENTS = (
    "kata.toml",
    "README.md",
    "stub.py",
    "pitfalls.toml",
    "mistakes.toml",
    "hints.md",
    "questions.toml",
)
TRANSLATED = "mistakes.*.toml"
RUNGS, RUNG_WORDS = 3, 160
QUESTIONS = 6
QUESTION = {"level", "ask", "answer", "look_for"}
"""The fields of a question."""

Look = Callable[[Kata], Iterator[str]]


def documents(kata: Kata) -> list[str]:
    """What is wrong with a kata's paperwork: file, fault and, where it is not plain, remedy."""
    looks: dict[str, Look] = {
        "kata.toml": _after,
        "hints.md": _hints,
        "questions.toml": _questions,
        "pitfalls.toml": _pitfalls,
        "mistakes.toml": _words,
    }
    present = {p.name for p in kata.folder.iterdir() if p.name != "__pycache__"}
    problems = [*_folder(kata, present), *_read("the bank", _bank, kata)]
    for name, look in looks.items():
        if name in present:
            problems += _read(name, look, kata)
    problems += disagreements(kata)
    return [f"{kata.slug}: {problem}" for problem in dict.fromkeys(problems)]


def _read(name: str, look: Look, kata: Kata) -> list[str]:
    """What a look at one document finds; that it cannot be read is a finding too."""
    found: list[str] = []
    try:
        found += look(kata)
    except KataError as error:
        found.append(str(error).removeprefix(f"{kata.folder}/"))
    except (OSError, ValueError) as error:
        found.append(f"{name} cannot be read: {error}")
    return found


def _folder(kata: Kata, present: set[str]) -> Iterator[str]:
    banks = {bank.name for bank in kata.banks}
    for name in DOCUMENTS:
        if name not in present:
            yield f"{name} is missing"
    if not banks:
        yield f"no bank: write test_{kata.slug.replace('-', '_')}.py"
    translated = {p.name for p in kata.folder.glob(TRANSLATED)}
    for name in sorted(present - set(DOCUMENTS) - banks - translated):
        yield f"{name} does not belong in a kata's folder: move or delete it"
    if not kata.solution.is_file():
        yield f"{kata.solution.name} is missing from the solutions"


def _after(kata: Kata) -> Iterator[str]:
    """What it builds on is there, and stands below it."""
    for slug in kata.after:
        folder = kata.folder.parent / slug
        if not (folder / "kata.toml").is_file():
            yield f"kata.toml: after has {slug!r}: there is no such kata"
        elif load(folder).rung >= kata.rung:
            yield f"kata.toml: after has {slug!r}, whose rung is not below {kata.rung}"


def _bank(kata: Kata) -> Iterator[str]:
    if kata.banks and not kata.announced:
        yield "the bank has no check: write one, named test_…"


def _hints(kata: Kata) -> Iterator[str]:
    rungs = rungs_of(kata)
    if len(rungs) != RUNGS:
        yield f"hints.md has {len(rungs)} rungs under `## ` headings, expected {RUNGS}"
    for number, rung in enumerate(rungs, 1):
        if len(rung.split()) > RUNG_WORDS:
            yield f"hint {number} has {len(rung.split())} words, at most {RUNG_WORDS}"


def _questions(kata: Kata) -> Iterator[str]:
    declared(kata)  # says itself what is wrong with an experiment
    questions: Any = kata.table("questions.toml").get("question", [])
    if not isinstance(questions, list):
        yield "questions.toml: write each question under [[question]]"
        return
    if len(questions) < QUESTIONS:
        yield f"questions.toml has {len(questions)} questions, at least {QUESTIONS}"
    for number, question in enumerate(questions, 1):
        missing = QUESTION - set(question)
        if missing:
            yield f"question {number} lacks {', '.join(sorted(missing))}"
        elif question["level"] not in LEVELS:
            yield f"question {number}: no level {question['level']!r}, only {', '.join(LEVELS)}"


def _pitfalls(kata: Kata) -> Iterator[str]:
    pitfalls = load_pitfalls(kata)
    ids = {p.id for p in pitfalls}
    refused = [p for p in pitfalls if not p.remark]
    if len(refused) < kata.fewest_pitfalls:
        yield f"{len(refused)} pitfalls, at least {kata.fewest_pitfalls}"
    checks = _checks(kata)
    for pitfall in pitfalls:
        if checks and pitfall.check not in checks:
            yield f"pitfall {pitfall.id} names no check of the bank: {pitfall.check}"
        for other in sorted(set(pitfall.excludes) - ids):
            yield f"pitfall {pitfall.id} excludes {other}, which does not exist"


def _checks(kata: Kata) -> set[str]:
    """What a pitfall's check may be called; empty where the bank cannot be read."""
    try:
        return {*kata.announced, "submission"}
    except KataError:
        return set()


def _words(kata: Kata) -> Iterator[str]:
    """What has to be said about each, and what is said of nothing that is there."""
    pitfalls, conventions = load_pitfalls(kata), load_conventions(kata)
    for pitfall in pitfalls:
        absent = [word for word in WORDS if not getattr(pitfall, word)]
        if absent:
            yield f"pitfall {pitfall.id} has no {', '.join(absent)}: write it in mistakes.toml"
    for convention in conventions:
        if not convention.title:
            yield f"convention {convention.id} has no title: write it in mistakes.toml"
    spoken = set(kata.table("mistakes.toml"))
    for name in sorted(spoken - {p.id for p in pitfalls} - {c.id for c in conventions}):
        yield f"mistakes.toml speaks of {name}, which is not in pitfalls.toml"
