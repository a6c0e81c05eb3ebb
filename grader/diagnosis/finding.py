"""What is told of a mistake: its words, how sure it is, and the place in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from grader.diagnosis.explanation import Examination, Explanation
from grader.diagnosis.pointing import initialising, place_of
from grader.kata.mutants import Pitfall
from grader.kata.vocabulary import Value
from grader.report.verdict import MEASURED, PROVED, Finding


def finding_of(pitfall: Pitfall, source: str, certainty: str) -> Finding:
    """A mistake of a kata's own, with the line that its pattern fits, if there is one such."""
    lines: set[int] = set()
    if pitfall.look:
        pattern = re.compile(pitfall.look)
        found = {number for number, text in _code(source) if pattern.search(text)}
        # Where things are set up much is mentioned that happens elsewhere.
        lines = found - initialising(ast.parse(source)) or found
    line = lines.pop() if len(lines) == 1 else None
    return Finding(
        pitfall.id,
        pitfall.title,
        pitfall.explanation,
        pitfall.question,
        line,
        pitfall.check,
        certainty=certainty,
    )


def told_of(
    examination: Examination, found: Explanation, source: str, *, proved: bool
) -> tuple[Finding, ...]:
    """The edits and the readings of an examination, each mistake once."""
    named: dict[str, Finding] = {}
    for part in examination.in_order(found):
        finding = pointed(part.value, source, PROVED if proved else MEASURED)
        named.setdefault(finding.pitfall, finding)
    for value, reading in found.measured:
        finding = replace(pointed(value, source, MEASURED), seen=reading.words)
        named.setdefault(finding.pitfall, finding)
    return tuple(named.values())


def pointed(value: Value, source: str, certainty: str) -> Finding:
    """A value with a name, and the place that its kind of mistake stands in."""
    finding = finding_of(value.pitfall, source, certainty)
    place = place_of(source, value.look) if value.look else None
    if place is None:
        return finding if not value.look else replace(finding, line=None)
    return replace(finding, line=place.line, columns=(place.begin, place.end))


def _code(source: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments and docstrings, in which a formula is not a call."""
    quoted: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quoted |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, text in enumerate(source.splitlines(), 1):
        if number not in quoted:
            yield number, text.split("#", 1)[0]
