"""A report as its page shows it: everything chosen, grouped and measured, nothing styled yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from grader.render.html.code import Line, excerpt, whole
from grader.render.html.matrix import Picture, pictures
from grader.report.verdict import FAMILIES, Budget, Check, Finding, Report, Tier, Verdict
from grader.report.words import SAYS, facts, file_name, pointed_lines, told_failure

PRINTED_LINES = 400
"""Lines of the candidate's own prints that a page shows."""
BEYOND = 1.25
"""How far beyond the limit the scale of time goes, in limits; longer bars are cut there."""


@dataclass(frozen=True)
class Family:
    """The checks of one family."""

    name: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(check.passed for check in self.checks)

    @property
    def tone(self) -> str:
        """`good`, or `fair` where only stars were lost, or `bad`."""
        failed = [check for check in self.checks if not check.passed]
        if not failed:
            return "good"
        return "fair" if all(c.tier is Tier.STRETCH for c in failed) else "bad"


@dataclass(frozen=True)
class Timing:
    """The candidate's time on a scale, in percent of its width."""

    ratio: float
    limit: float
    end: float
    reference_at: float
    limit_at: float
    over: bool
    cut: bool
    """Whether the bar goes on beyond the scale."""


@dataclass(frozen=True)
class AttemptView:
    """One grade."""

    report: Report
    file: str
    failure: Check | None
    excerpt: tuple[Line, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    """What was found out, under its label."""
    pictures: tuple[Picture, ...]
    families: tuple[Family, ...]
    timing: Timing | None
    printed: tuple[tuple[str, int], ...]
    """Lines, and how often each came in a row: a file's own prints come with every worker."""
    printed_more: int
    source: tuple[Line, ...]

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return SAYS[self.report.verdict].partition(" (")[0]

    @property
    def tone(self) -> str:
        """`good`, `bad`, or `ours` where the grader itself failed."""
        if self.report.verdict is Verdict.INTERNAL_ERROR:
            return "ours"
        return "good" if self.report.verdict is Verdict.ACCEPTED else "bad"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The mistakes that were named."""
        return self.report.diagnosis.findings

    @property
    def remark(self) -> bool:
        """Whether the failure told of costs a star, not acceptance."""
        return self.failure is not None and self.failure.tier is Tier.STRETCH

    @property
    def where(self) -> str:
        """Where to look, as `file:line`."""
        marked = pointed_lines(self.report, self.failure) if self.failure else ()
        return f"{self.file}:{marked[0]}" if marked else self.file

    @property
    def steps(self) -> tuple[str, ...]:
        """Commands that lead further."""
        report = self.report
        again = f"kata grade {report.kata}"
        if report.verdict is Verdict.INTERNAL_ERROR:
            return ()
        if report.stars == 3:
            return ("kata next",)
        steps = tuple(f"kata explain {f.pitfall}" for f in self.findings)
        if report.failure is not None:
            return (*steps, f"kata show {report.kata}")
        return (*steps, f"{again} --seed {report.seed}")


def attempt_view(report: Report) -> AttemptView:
    """What a page shows of a report."""
    failure = told_failure(report)
    marked = pointed_lines(report, failure) if failure is not None else ()
    # Of what was printed only line ends are believed; all else is shown as the sign it is.
    lines = report.output.replace("\r\n", "\n").rstrip("\n").split("\n")
    printed = tuple((line, len(list(run))) for line, run in groupby(lines))
    return AttemptView(
        report=report,
        file=file_name(report),
        failure=failure,
        excerpt=excerpt(report, failure) if failure is not None else (),
        facts=tuple(_grouped(report, failure)) if failure is not None else (),
        pictures=() if report.heatmap is None else pictures(report.heatmap),
        families=families(report),
        timing=_timing(report.budget),
        printed=printed[:PRINTED_LINES] if report.output else (),
        printed_more=max(0, len(printed) - PRINTED_LINES),
        source=whole(report, marked),
    )


def families(report: Report) -> tuple[Family, ...]:
    """The checks by family, in the project's order; unknown families come last."""
    order = {name: rank for rank, name in enumerate(FAMILIES)}
    checks = sorted(report.checks, key=lambda c: (order.get(c.family, len(order)), c.family))
    return tuple(Family(name, tuple(of)) for name, of in groupby(checks, key=lambda c: c.family))


def _grouped(report: Report, failure: Check) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The facts, those under one label together; questions stand beside their mistake."""
    told = [(label, text) for label, text in facts(report, failure) if label != "ask yourself"]
    for label in dict.fromkeys(label for label, _ in told):
        yield label, tuple(text for other, text in told if other == label)


def _timing(budget: Budget | None) -> Timing | None:
    if budget is None or budget.ratio is None or budget.limit <= 0:
        return None
    scale = budget.limit * BEYOND
    return Timing(
        ratio=budget.ratio,
        limit=budget.limit,
        end=round(100 * min(budget.ratio / scale, 1.0), 2),
        reference_at=round(100 / scale, 2),
        limit_at=round(100 * budget.limit / scale, 2),
        over=budget.ratio > budget.limit,
        cut=budget.ratio > scale,
    )
