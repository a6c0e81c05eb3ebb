"""What there is to say about a report, whatever it is then shown on: pure, and without style."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.report.verdict import (
    UNANSWERED,
    Budget,
    CandidateFrame,
    Check,
    Diagnosis,
    Evidence,
    Finding,
    Report,
    Tier,
    Verdict,
)

DAY = 86400.0
CELL = ".cell"
"""How the name of what was graded ends where that is a notebook's cell."""

CRASHES = (Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT, Verdict.INVALID_SUBMISSION)
"""Verdicts whose message says it all: what was claimed is beside the point."""

SAYS = {
    Verdict.ACCEPTED: "accepted",
    Verdict.WRONG_ANSWER: "wrong answer",
    Verdict.RUNTIME_ERROR: "runtime error",
    Verdict.TIME_LIMIT: "too slow",
    Verdict.MEMORY_LIMIT: "too much memory",
    Verdict.BANNED_CALL: "banned call",
    Verdict.INVALID_SUBMISSION: "cannot be graded",
    Verdict.INTERNAL_ERROR: "internal error (ours, not yours)",
}


def printable(text: str) -> str:
    """A candidate's words as they may be shown: nothing in them moves the cursor or colours."""
    return "".join(c if c.isprintable() or c == "\t" else "·" for c in text)


def folded(text: str, width: int) -> str:
    """Lines that end between words; further lines of one stand below its beginning.

    A word that is longer than a line, such as a path, stays whole.
    """
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip(" ")))
        lines += textwrap.wrap(
            line, max(width, 20), subsequent_indent=f"{indent}  " if indent else "",
            break_long_words=False, break_on_hyphens=False, replace_whitespace=False,
        ) or [""]  # fmt: skip
    return "\n".join(lines)


def stars(count: int) -> str:
    """Stars out of three."""
    return "★" * count + "☆" * (3 - count)


def minutes(seconds: float) -> str:
    """A span of time as `6:05`, as `2:06:05` from an hour on, or in days; its sign left out."""
    span = abs(seconds)
    if span >= DAY:
        return f"{span / DAY:.0f} d"
    hours, rest = divmod(int(span), 3600)
    tail = f"{rest % 60:02d}"
    return f"{hours}:{rest // 60:02d}:{tail}" if hours else f"{rest // 60}:{tail}"


def file_name(report: Report) -> str:
    """The submission's file, without the folders it lies in."""
    return printable(Path(report.submission.path).name) or f"{report.kata}.py"


def what_stars_take(report: Report) -> str:
    """How many of the stretch checks are passed, and how many it takes for the next star."""
    stretch = [c.passed for c in report.checks if c.tier is Tier.STRETCH]
    passed, total = sum(stretch), len(stretch)
    said = f"{passed} of {total} stretch checks are passed"
    if report.stars == 1:
        return f"{said}: {total // 2 + 1} make the second star, all of them the third. Missing:"
    return f"{said}, all of them make the third star. Missing:"


def told_failure(report: Report) -> Check | None:
    """The failure to tell in full: the one that decides, else the first that costs a star.

    Where a mistake is named it is the one of the check that is made for it, if that failed: its
    numbers are the mistake's own.
    """
    failing = [c for c in report.checks if not c.passed and not c.evidence.skipped]
    if report.first_failure is not None:
        failing = [c for c in failing if c.tier is Tier.REQUIRED]
    for finding in report.diagnosis.findings:
        for check in failing:
            if check.id.partition("[")[0] == finding.check:
                return check
    return report.first_failure or next(iter(failing), None)


def own_lines(report: Report, check: Check) -> dict[int, str]:
    """The candidate's lines by number; of a file that could not be read, those that are known."""
    source = report.submission.source
    own = {n: text.rstrip() for n, text in enumerate(source.split("\n"), 1)} if source else {}
    return own | {f.line: f.text for f in check.evidence.frames if f.line not in own}


def pointed_lines(report: Report, check: Check) -> tuple[int, ...]:
    """The lines to look at, the most telling one first: where it raised, else the mistake's."""
    own = own_lines(report, check)
    raised = [f.line for f in reversed(check.evidence.frames[-3:])]
    pointed = sorted({f.line for f in report.diagnosis.findings if f.line is not None})
    return tuple(n for n in raised or pointed if n in own)


def underlined(report: Report, check: Check, number: int) -> str:
    """Signs below a line at what is to be looked at; nothing where it is the whole line."""
    marks: Sequence[CandidateFrame | Finding] = report.diagnosis.findings
    if check.evidence.frames:  # where it raised, and not who called that
        marks = check.evidence.frames[-1:]
    spans = [mark.columns for mark in marks if mark.line == number and mark.columns]
    text = own_lines(report, check)[number]
    marked = {column for begin, end in spans for column in range(begin, min(end, len(text)))}
    signs = ("^" if n in marked else "\t" if sign == "\t" else " " for n, sign in enumerate(text))
    return "".join(signs).rstrip()


def unmeasured(check: Check) -> bool:
    """Whether this is a check of the budget that came to no measurement: answers are wrong."""
    measured = (Verdict.ACCEPTED, Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.BANNED_CALL)
    return check.family == "budget" and (check.evidence.hung or check.verdict not in measured)


def costs(budget: Budget) -> Iterator[str]:
    """Time and memory as multiples of the reference's, each beside its limit."""
    for what, ratio, limit in (
        ("time", budget.ratio, budget.limit),
        ("memory", budget.memory, budget.memory_limit),
    ):
        if limit is not None:
            measured = "not measured" if ratio is None else f"{ratio:.2f}× the reference's"
            yield f"{what:<7} {measured}, at most {limit:g}×"


DIGITS = range(5, 9)
"""Significant digits of a value: five, or as many more as it takes to tell two apart; more than
eight tell nobody anything."""


def _values(evidence: Evidence) -> str:
    """`[0, 2] is 0.51234, expected 0.61234`; of values nearly alike also how near is enough."""
    got, expected = evidence.got or 0.0, evidence.expected or 0.0
    entry = ", ".join(map(str, evidence.index or ()))
    digits = next((d for d in DIGITS if f"{got:.{d}g}" != f"{expected:.{d}g}"), 0)
    if not digits:
        near = "" if evidence.allowed is None else f": {evidence.allowed:.1e} is allowed"
        return f"[{entry}] is {abs(got - expected):.1e} away from the expected {expected:.5g}{near}"
    said = f"[{entry}] is {got:.{digits}g}, expected {expected:.{digits}g}"
    if evidence.allowed is None or f"{got:.2g}" != f"{expected:.2g}":
        return said
    return f"{said}: {abs(got - expected):.1e} apart, {evidence.allowed:.1e} is allowed"


def facts(report: Report, check: Check) -> Iterator[tuple[str, str]]:
    """What was claimed, what came instead, with which input, and what else was seen."""
    evidence, diagnosis = check.evidence, report.diagnosis
    got = check.message
    numeric = None not in (evidence.index, evidence.got, evidence.expected)
    if numeric:
        got += f": {_values(evidence)}"
    compared = report.failure is None and check.verdict not in CRASHES and not evidence.hung
    if compared:
        yield "expected", check.title.rstrip(".")
    if diagnosis.findings or compared:
        yield "got", got
    if evidence.shapes:
        yield "with", evidence.shapes
    for fact in (*evidence.facts, *report.evidence):
        yield "seen", fact
    for finding in diagnosis.findings:
        if finding.seen:
            yield "measured", finding.seen
    for finding in diagnosis.findings:
        if finding.question:
            yield "ask yourself", finding.question
    if evidence.undefined and Path(report.submission.path).suffix == CELL:
        yield (
            "note",
            (
                f"the cell is graded alone, without the names of other cells: import or define "
                f"`{evidence.undefined}` in it"
            ),
        )
    if check.id == UNANSWERED:
        yield "note", "nothing else was tried: every check makes such a call"
    for note in _notes(diagnosis, numeric=numeric):
        yield "note", note


def _notes(diagnosis: Diagnosis, *, numeric: bool) -> Iterator[str]:
    """How far what is named goes."""
    explained, failing = diagnosis.explained, diagnosis.failing
    if diagnosis.findings and not explained:
        yield "this was measured: no edit of our own solution gives just these answers"
    elif diagnosis.findings and explained < failing:
        rest = f"this explains {explained} of {failing} failing checks"
        yield f"{rest}; the others are something else"
    elif not diagnosis.findings and numeric:
        yield "no known mistake gives just these answers, so none is named"
    if diagnosis.cut and explained < failing:
        yield "the search for more was cut short: it has a budget"
