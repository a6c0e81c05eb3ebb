"""Reports as people see them, kept as files: a change of wording is a difference to be read.

Beside each submission `NAME.py` lie its reports as text, JSON and HTML. Its mistakes are such as
are found at once: what takes the search seconds depends on the machine. After a change that is
meant, write them anew, and read what git says has changed (where a merge finds them changed twice,
take either and do the same):

python -m tests.golden            which reports differ, and how
python -m tests.golden --write    write them anew
"""

from __future__ import annotations

import difflib
import io
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from grader.judge.session import Session
from grader.judge.source import parse, read
from grader.kata.kata import find
from grader.render.html.page import attempt_page
from grader.render.terminal.text import to_text
from grader.report.document import to_json
from grader.report.verdict import Check, Report

FOLDER = Path(__file__).parent
WRITE = "python -m tests.golden --write"
SEED = 7
WIDTH = 100
"""Columns of the terminal that the text is for."""
BULK = (
    (re.compile(r"<style>.*?</style>", re.DOTALL), "<style>the style sheet</style>"),
    (re.compile(r'(?:<g class="square.*?</g>\s*)+', re.DOTALL), "<!-- the squares -->\n"),
)
"""What is long in a page and says nothing in words, and what stands for it."""


def names() -> list[str]:
    """The submissions, by the names of their files."""
    return sorted(file.stem for file in FOLDER.glob("[!_]*.py"))


def graded(session: Session, name: str) -> Report:
    """The report of one of them."""
    path = FOLDER / f"{name}.py"
    data = read(path)
    slug = re.match(rb"# kata: (\S+)\n", data)
    assert slug is not None, f"{path.name} does not begin with `# kata: SLUG`"
    kata = find(slug[1].decode())
    return session.grade(kata, parse(Path(path.name), data, kata.text("stub.py")), SEED)


def steady(report: Report) -> Report:
    """The report without what varies by machine or run: times, paths, the last digits, and how
    code can be confined there.
    """
    budget = report.budget
    if budget is not None:
        slow = budget.ratio is not None and budget.ratio > budget.limit
        budget = replace(budget, ratio=3 * budget.limit if slow else 1.0)
    return replace(
        report,
        seconds=0.0,
        confinement="limits",
        budget=budget,
        submission=replace(report.submission, path=Path(report.submission.path).name),
        checks=tuple(_steady_check(check) for check in report.checks),
        failure=None if report.failure is None else _steady_check(report.failure),
    )


def _steady_check(check: Check) -> Check:
    evidence = check.evidence
    evidence = replace(
        evidence, got=_few_digits(evidence.got), expected=_few_digits(evidence.expected)
    )
    message = re.sub(r"[\d.]+(?=× the reference's time)", "#", check.message)
    return replace(check, seconds=0.0, message=message, evidence=evidence)


def _few_digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def rendered(report: Report) -> dict[str, str]:
    """A report in every form, by the ending of its file."""
    report = steady(report)
    text = io.StringIO()
    Console(file=text, width=WIDTH, highlight=False).print(to_text(report))
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    page = attempt_page(report)
    for pattern, instead in BULK:
        page = pattern.sub(instead, page)
    return {"txt": "\n".join(lines) + "\n", "json": to_json(report) + "\n", "html": page + "\n"}


def difference(name: str, forms: dict[str, str]) -> str:
    """How the forms differ from the files, to be read; empty where they do not."""
    found = []
    for ending, text in forms.items():
        file = FOLDER / f"{name}.{ending}"
        kept = file.read_text(encoding="utf-8") if file.is_file() else ""
        ways = f"tests/golden/{file.name}", "as it is now"
        found += difflib.unified_diff(kept.splitlines(), text.splitlines(), *ways, lineterm="")
    return "\n".join(found)


def write(name: str, forms: dict[str, str]) -> None:
    """Keep the forms."""
    for ending, text in forms.items():
        (FOLDER / f"{name}.{ending}").write_text(text, encoding="utf-8")
