"""The report as a person reads it: the first mistake in full, the rest in a glance."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from grader.render.terminal.hanging import Hanging
from grader.render.terminal.heatmap import Pictures
from grader.report.verdict import FAMILIES, MEASURED, Check, Report, Tier, Verdict
from grader.report.words import (
    SAYS,
    costs,
    facts,
    file_name,
    own_lines,
    pointed_lines,
    printable,
    stars,
    told_failure,
    underlined,
    unmeasured,
    what_stars_take,
)

FAMILY = 22
"""Columns before what a family's checks claim: its mark, name and count."""
SAYING = max(len(said.partition(" (")[0]) for said in SAYS.values())
"""Columns of the longest verdict."""
PRINTED_LINES = 5
"""Lines of the candidate's own prints that a report shows."""


def make_console(*, stderr: bool = False) -> Console:
    """A console that is plain wherever plain is asked for."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    console = Console(
        file=sys.stderr if stderr else sys.stdout,
        highlight=False,
        soft_wrap=False,
        no_color=plain or None,
        force_terminal=False if plain else None,
    )
    if not console.file.isatty():
        console.width = 160
    return console


def to_text(report: Report, *, verbose: bool = False) -> RenderableType:
    """Everything there is to say about a grade."""
    return Group(*_parts(report, verbose=verbose))


def to_row(report: Report, wide: int) -> RenderableType:
    """A grade in a row, for one file among several: what it came to, and why."""
    accepted = report.verdict is Verdict.ACCEPTED
    mark, style = ("✓", "green") if accepted else ("✗", "red")
    failure = report.first_failure
    named = ", ".join(f.pitfall for f in report.diagnosis.findings)
    why = named or ("" if failure is None else printable(failure.message))
    name = printable(report.submission.path)
    says = SAYS[report.verdict].partition(" (")[0]
    line = Text.assemble(
        (f"{mark} ", style), (f"{name:<{wide}}", "bold"), "  ", (f"{says:<{SAYING}}", style),
        f"  {stars(report.stars)}  {report.score:>3}  ", (why, "dim"),
    )  # fmt: skip
    return Hanging(line, 4, 4)


def _parts(report: Report, *, verbose: bool) -> Iterator[RenderableType]:
    for note in report.submission.notes:
        yield Hanging(Text(f"note: {printable(note)}", "dim"), 6, 6)
    failure = told_failure(report)
    if failure is not None:
        yield from _failure(report, failure)
    if report.heatmap is not None:
        yield Text()
        yield Pictures(report.heatmap)
    if report.output:
        yield from _prints(report.output)
    if report.checks:
        yield Text()
        yield from _every_check(report) if verbose else _families(report)
    if report.stars in (1, 2):
        yield from _missing_stars(report)
    yield Text()
    yield _verdict(report)
    yield from _next_step(report)


def shorter(report: Report) -> Iterator[Report]:
    """A report, then the same without what matters least, and so on."""
    yield report
    without: tuple[dict[str, Any], ...] = (
        {"heatmap": None},
        {"submission": replace(report.submission, notes=())},
        {"output": ""},
        {"evidence": ()},
    )
    for less in without:
        report = replace(report, **less)
        yield report


# --- the failure ------------------------------------------------------------------------------


def _failure(report: Report, check: Check) -> Iterator[RenderableType]:
    findings = report.diagnosis.findings
    required = check.tier is Tier.REQUIRED
    word, style = ("error", "bold red") if required else ("remark", "bold yellow")
    for finding in findings:
        sure = " (measured)" if finding.certainty == MEASURED else ""
        said = Text.assemble((f"{word}[{finding.pitfall}]", style), f": {finding.title}{sure}")
        yield Hanging(said, 4, 4)
    if not findings:
        yield Hanging(Text.assemble((word, style), f": {printable(check.message)}"), 4, 4)
    yield from _excerpt(report, check)
    for label, text in facts(report, check):
        said = Text.assemble(("   = ", "blue"), (f"{label}: ", "bold"), printable(text))
        yield Hanging(said, 5, 5)


def _excerpt(report: Report, check: Check) -> Iterator[RenderableType]:
    """The candidate's own lines: where it raised, else where the mistake is to be looked for."""
    own, told = own_lines(report, check), pointed_lines(report, check)
    if not told:
        return
    shown = told[::-1] if check.evidence.frames else told
    width = len(str(max(shown)))
    blank = " " * width
    yield Text.assemble((f"{blank}--> ", "blue"), f"{file_name(report)}:{told[0]}")
    yield Text(f"{blank} |", "blue")
    for number in shown:
        line = Text.assemble((f"{number:>{width}} |", "blue"), f" {printable(own[number])}")
        code = own[number]
        deep = width + 7 + len(code) - len(code.lstrip())
        yield Hanging(line, deep, deep)
        carets = underlined(report, check, number)
        if carets:
            yield Text.assemble((f"{blank} |", "blue"), (f" {carets}", "bold red"))
    yield Text(f"{blank} |", "blue")


def _prints(output: str) -> Iterator[RenderableType]:
    lines = output.splitlines()
    yield Text()
    yield Text("your code printed:", "bold")
    for line in lines[:PRINTED_LINES]:
        yield Hanging(Text(f"   {printable(line)[:200]}", "dim"), 3, 3)
    if len(lines) > PRINTED_LINES:
        yield Text(f"   … and {len(lines) - PRINTED_LINES} more lines", "dim")


def _missing_stars(report: Report) -> Iterator[RenderableType]:
    """Which checks cost stars, what each of them saw, and what it takes to get the stars."""
    stretch = [c for c in report.checks if c.tier is Tier.STRETCH]
    missed = [c for c in stretch if not c.passed]
    yield Text()
    yield Hanging(Text(what_stars_take(report), "bold"), 3, 3)
    for check in missed:
        line = Text.assemble((" ○ ", "yellow"), check.title.rstrip("."))
        line.append(f": {printable(check.message)}", "dim")
        yield Hanging(line, 3, 3)


# --- the rest ---------------------------------------------------------------------------------


def _families(report: Report) -> Iterator[RenderableType]:
    if len({(c.passed, c.message) for c in report.checks}) == 1 and not report.checks[0].passed:
        yield Text.assemble((" ✗ ", "red"), f"all {len(report.checks)} checks fail in this way")
        return
    skipped = [c for c in report.checks if c.evidence.skipped]
    for family in FAMILIES:
        checks = [c for c in report.checks if c.family == family and not c.evidence.skipped]
        if not checks:
            continue
        passed = sum(c.passed for c in checks)
        required = all(c.passed for c in checks if c.tier is Tier.REQUIRED)
        mark, style = ("✓", "green") if passed == len(checks) else ("✗", "red")
        if required and passed < len(checks):
            mark, style = "○", "yellow"
        line = Text.assemble((f" {mark} ", style), f"{family:<12} {passed}/{len(checks)}")
        missing = [c.title.rstrip(".") for c in checks if not c.passed]
        if missing and all(unmeasured(c) for c in checks if not c.passed):
            line = Text(f" – {family:<12} not measured", "dim")
        elif missing:
            more = f" (+{len(missing) - 1})" if len(missing) > 1 else ""
            line.append(f"   {missing[0]}{more}", "dim")
        yield Hanging(line, FAMILY, FAMILY)
    if skipped:
        said = f" – the other {len(skipped)} checks were {skipped[0].message}"
        yield Hanging(Text(said, "dim"), 3, 3)


def _every_check(report: Report) -> Iterator[RenderableType]:
    for check in report.checks:
        mark, style = ("✓", "green") if check.passed else ("✗", "red")
        if not check.passed and check.tier is Tier.STRETCH:
            mark, style = "○", "yellow"
        tier = "" if check.tier is Tier.REQUIRED else " (stretch)"
        line = Text.assemble(
            (f" {mark} ", style),
            f"{check.family:<12} {check.title}{tier} ",
            (f"{check.seconds * 1000:.0f} ms", "dim"),
        )
        yield Hanging(line, 16, 16)
        if not check.passed:
            why = f"     {SAYS[check.verdict]}: {printable(check.message)}"
            yield Hanging(Text(why, "dim"), 5, 5)
    if report.budget is not None:
        yield Text()
        yield from (Text(f"   {line}", "dim") for line in costs(report.budget))


def _verdict(report: Report) -> RenderableType:
    accepted = report.verdict is Verdict.ACCEPTED
    line = Text.assemble(
        (SAYS[report.verdict].upper(), "bold green" if accepted else "bold red"),
        f"  {stars(report.stars)}  {report.score}/100",
    )
    if report.budget is not None and report.budget.ratio is not None:
        line.append(f"  {report.budget.ratio:.1f}× the reference's time")
    line.append(f"  {report.seconds:.1f} s  {report.device}  seed {report.seed}", "dim")
    return Hanging(line, 2, 2)


def _next_step(report: Report) -> Iterator[RenderableType]:
    again = f"kata grade {report.kata}"
    findings = report.diagnosis.findings
    if findings:
        steps = [f"kata explain {f.pitfall}" for f in findings]
    elif report.verdict is Verdict.INTERNAL_ERROR:
        return
    elif report.failure is not None:
        steps = [f"kata show {report.kata} for what is asked", again]
    elif report.stars == 3:
        beside = f"kata solution {report.kata} --beside"
        yield Hanging(
            Text(f"next: kata next · {beside} for yours beside the solution", "dim"), 6, 6
        )
        return
    else:
        steps = [f"{again} --verbose"]
    if report.checks:
        steps.append(f"{again} --seed {report.seed} for the same inputs")
    yield Hanging(Text("next: " + " · ".join(steps), "dim"), 6, 6)
