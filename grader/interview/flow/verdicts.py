"""A grade in the few lines there is time for in an interview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from grader.interview.say import BAD, DIM, GOOD, Say
from grader.report.verdict import FAMILIES, Report, Tier, Verdict
from grader.report.words import SAYS, stars

MESSAGE = 300
"""Characters of a message that are kept."""


def summary(report: Report, attempt: int | None) -> dict[str, Any]:
    """What an interview keeps of a report; all of it is in the history, under its attempt."""
    failure = report.first_failure
    required = [c.passed for c in report.checks if c.tier is Tier.REQUIRED]
    stretch = [c.passed for c in report.checks if c.tier is Tier.STRETCH]
    return {
        "kata": report.kata,
        "verdict": report.verdict.value,
        "stars": report.stars,
        "score": report.score,
        "seconds": round(report.seconds, 2),
        "attempt": attempt,
        "message": "" if failure is None else failure.message[:MESSAGE],
        "check": "" if failure is None else failure.title[:MESSAGE],
        "mistakes": [[f.pitfall, f.title, f.line] for f in report.diagnosis.findings],
        "families": [list(row) for row in _families(report)],
        "required": [sum(required), len(required)],
        "stretch": [sum(stretch), len(stretch)],
    }


def _families(report: Report) -> Iterator[tuple[str, int, int]]:
    for family in FAMILIES:
        checks = [c.passed for c in report.checks if c.family == family]
        if checks:
            yield family, sum(checks), len(checks)


def lines(data: Mapping[str, Any]) -> Iterator[Say]:
    """A verdict to read in passing."""
    accepted = data["verdict"] == Verdict.ACCEPTED
    number = f"   attempt {data['attempt']}" if data.get("attempt") else ""
    word = SAYS[Verdict(data["verdict"])].upper()
    yield Say(
        f"{word}  {stars(data['stars'])}  {data['score']}/100{number}", GOOD if accepted else BAD
    )
    for _, title, line in data["mistakes"]:
        where = f"line {line}: " if line else ""
        yield Say(f"{where}{title}", indent=2)
    if not data["mistakes"] and data["message"] and not accepted:
        yield Say(str(data["message"]), indent=2)
    missing = [f"{name} {passed}/{total}" for name, passed, total in data["families"]
               if passed < total]  # fmt: skip
    if missing:
        label = "for more stars: " if accepted else "failing: "
        yield Say(label + ", ".join(missing), DIM, indent=2)


def proof(data: Mapping[str, Any]) -> Iterator[Say]:
    """A verdict as an answer to "show that it is equal"."""
    for name, passed, total in data["families"]:
        if name == "equivalence":
            style = GOOD if passed == total else BAD
            yield Say(f"The judge compares: {passed} of {total} equivalence checks hold.", style)
    yield from lines(data)
