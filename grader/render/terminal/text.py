"""The report as a person reads it: the first mistake in full, the rest in a glance."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.render.terminal.heatmap import draw
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
)

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


def _parts(report: Report, *, verbose: bool) -> Iterator[RenderableType]:
    for note in report.submission.notes:
        yield Text(f"note: {printable(note)}", "dim")
    failure = told_failure(report)
    if failure is not None:
        yield from _failure(report, failure)
    if report.heatmap is not None:
        yield Padding(draw(report.heatmap), (1, 0, 0, 3), expand=False)
    if report.output:
        yield from _prints(report.output)
    if report.checks:
        yield Text()
        yield from _every_check(report) if verbose else _families(report)
    yield Text()
    yield _verdict(report)
    yield from _next_step(report)


# --- the failure ------------------------------------------------------------------------------


def _failure(report: Report, check: Check) -> Iterator[RenderableType]:
    findings = report.diagnosis.findings
    required = check.tier is Tier.REQUIRED
    word, style = ("error", "bold red") if required else ("remark", "bold yellow")
    for finding in findings:
        sure = " (measured)" if finding.certainty == MEASURED else ""
        yield Text.assemble((f"{word}[{finding.pitfall}]", style), f": {finding.title}{sure}")
    if not findings:
        yield Text.assemble((word, style), f": {printable(check.message)}")
    yield from _excerpt(report, check)
    for label, text in facts(report, check):
        yield Text.assemble(("   = ", "blue"), (f"{label}: ", "bold"), printable(text))


def _excerpt(report: Report, check: Check) -> Iterator[Text]:
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
        yield Text.assemble((f"{number:>{width}} |", "blue"), f" {printable(own[number])}")
        carets = underlined(report, check, number)
        if carets:
            yield Text.assemble((f"{blank} |", "blue"), (f" {carets}", "bold red"))
    yield Text(f"{blank} |", "blue")


def _prints(output: str) -> Iterator[Text]:
    lines = output.splitlines()
    yield Text()
    yield Text("your code printed:", "bold")
    for line in lines[:PRINTED_LINES]:
        yield Text(f"   {printable(line)[:200]}", "dim")
    if len(lines) > PRINTED_LINES:
        yield Text(f"   … and {len(lines) - PRINTED_LINES} more lines", "dim")


# --- the rest ---------------------------------------------------------------------------------


def _families(report: Report) -> Iterator[Text]:
    if len({(c.passed, c.message) for c in report.checks}) == 1 and not report.checks[0].passed:
        yield Text.assemble((" ✗ ", "red"), f"all {len(report.checks)} checks fail in this way")
        return
    for family in FAMILIES:
        checks = [c for c in report.checks if c.family == family]
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
        line.no_wrap, line.overflow = True, "ellipsis"
        yield line


def _every_check(report: Report) -> Iterator[Text]:
    for check in report.checks:
        mark, style = ("✓", "green") if check.passed else ("✗", "red")
        if not check.passed and check.tier is Tier.STRETCH:
            mark, style = "○", "yellow"
        tier = "" if check.tier is Tier.REQUIRED else " (stretch)"
        yield Text.assemble(
            (f" {mark} ", style),
            f"{check.family:<12} {check.title}{tier} ",
            (f"{check.seconds * 1000:.0f} ms", "dim"),
        )
        if not check.passed:
            yield Text(f"     {SAYS[check.verdict]}: {printable(check.message)}", "dim")
    if report.budget is not None:
        yield Text()
        yield from (Text(f"   {line}", "dim") for line in costs(report.budget))


def _verdict(report: Report) -> Text:
    accepted = report.verdict is Verdict.ACCEPTED
    line = Text.assemble(
        (SAYS[report.verdict].upper(), "bold green" if accepted else "bold red"),
        f"  {stars(report.stars)}  {report.score}/100",
    )
    if report.budget is not None and report.budget.ratio is not None:
        line.append(f"  {report.budget.ratio:.1f}× the reference's time")
    return line.append(f"  {report.seconds:.1f} s  {report.device}  seed {report.seed}", "dim")


def _next_step(report: Report) -> Iterator[Text]:
    again = f"kata grade {report.kata}"
    findings = report.diagnosis.findings
    if findings:
        steps = [f"kata explain {f.pitfall}" for f in findings]
    elif report.verdict is Verdict.INTERNAL_ERROR:
        return
    elif report.failure is not None:
        steps = [f"kata show {report.kata} for what is asked", again]
    elif report.stars == 3:
        yield Text("next: kata next", "dim")
        return
    else:
        steps = [f"{again} --verbose"]
    if report.checks:
        steps.append(f"{again} --seed {report.seed} for the same inputs")
    yield Text("next: " + " · ".join(steps), "dim")
