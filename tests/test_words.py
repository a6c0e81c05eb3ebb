"""What is said about a report, whatever it is then shown on."""

from __future__ import annotations

import math

from grader.report.verdict import Check, Evidence, Report, Submission, Tier, Verdict
from grader.report.words import facts


def compared(got: float, expected: float, allowed: float | None) -> str:
    evidence = Evidence(index=(0, 2), got=got, expected=expected, allowed=allowed)
    check = Check(
        "test_a", "A claim.", "shape", Tier.REQUIRED, Verdict.WRONG_ANSWER, "off", 0.0, evidence
    )
    report = Report("sdpa", 1, "cpu", 0.0, Submission("sdpa.py"), (check,))
    return dict(facts(report, check))["got"]


def test_two_values_that_differ_are_never_printed_alike() -> None:
    assert compared(0.51234, -0.7, 1e-5) == "off: [0, 2] is 0.51234, expected -0.7"
    near = "[0, 2] is -1.35852, expected -1.35849: 3.0e-05 apart, 1.4e-05 is allowed"
    assert compared(-1.35852, -1.35849, 1.4e-5) == f"off: {near}"
    for exponent in range(3, 16):
        said = compared(1.0, 1.0 + 10.0**-exponent, None)
        got, expected = said.removeprefix("off: [0, 2] is ").split(", expected ")
        assert got != expected, said
    assert compared(math.nan, 1.0, None).endswith("is nan, expected 1")
