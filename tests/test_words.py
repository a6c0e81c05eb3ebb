"""What is said about a report, whatever it is then shown on."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.report.verdict import (
    Check,
    Diagnosis,
    Evidence,
    Finding,
    Report,
    Submission,
    Tier,
    Verdict,
    multiple,
)
from grader.report.words import facts, told_failure, unmeasured, what_stars_take


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
    for exponent in range(8, 15):
        said = compared(2.0**exponent, 2.0**exponent + 2.0**-20, 1e-16)
        away = f"9.5e-07 away from the expected {2.0**exponent:.5g}: 1.0e-16 is allowed"
        assert said == f"off: [0, 2] is {away}"
    for exponent in range(3, 8):
        said = compared(1.0, 1.0 + 10.0**-exponent, None)
        got, expected = said.removeprefix("off: [0, 2] is ").split(", expected ")
        assert got != expected, said
    assert compared(math.nan, 1.0, None).endswith("is nan, expected 1")


def test_a_ratio_is_never_printed_as_the_limit_that_it_passes() -> None:
    assert [multiple(r, 3.0) for r in (3.26, 3.04, 3.0004, 63.25)] == [
        "3.3×", "3.04×", "3.0004×", "63.2×"
    ]  # fmt: skip
    assert multiple(64.0, 4.0, digits=0) == "64×"
    assert multiple(4.2, 4.0, digits=0) == "4.2×"


def claim(name: str, tier: Tier = Tier.REQUIRED, verdict: Verdict = Verdict.WRONG_ANSWER) -> Check:
    return Check(name, f"{name}.", "shape", tier, verdict, "off")


def told(*checks: Check, caught_by: str = "") -> str:
    finding = Finding("a-mistake", "a title", "why", check=caught_by)
    diagnosis = Diagnosis((finding,) if caught_by else (), 1, 1)
    report = Report("sdpa", 1, "cpu", 0.0, Submission("sdpa.py"), checks, diagnosis)
    failure = told_failure(report)
    return "" if failure is None else failure.id


def test_what_is_told_is_the_check_that_the_named_mistake_fails() -> None:
    checks = (claim("first"), claim("second[a]"), claim("third", Tier.STRETCH))
    assert told(*checks) == "first"
    assert told(*checks, caught_by="second") == "second[a]"
    assert told(*checks, caught_by="third") == "first", "a star lost is not what was decided by"
    assert told(checks[2], caught_by="third") == "third"
    assert told(claim("first", verdict=Verdict.ACCEPTED)) == ""


def test_what_it_takes_for_the_next_star_is_said() -> None:
    right = claim("r", verdict=Verdict.ACCEPTED)
    stretch = [claim(f"s{n}", Tier.STRETCH) for n in range(5)]
    passed = [claim(f"p{n}", Tier.STRETCH, Verdict.ACCEPTED) for n in range(3)]
    one = Report("sdpa", 1, "cpu", 0.0, Submission("sdpa.py"), (right, *stretch, *passed))
    assert one.stars == 1
    assert what_stars_take(one).startswith("3 of 8 stretch checks are passed: 5 make the second")
    two = Report("sdpa", 1, "cpu", 0.0, Submission("sdpa.py"), (right, *stretch[:2], *passed))
    assert two.stars == 2
    assert "all of them make the third star" in what_stars_take(two)


def test_a_budget_that_was_not_measured_is_not_failed() -> None:
    slow = replace(claim("b", verdict=Verdict.TIME_LIMIT), family="budget")
    assert not unmeasured(slow)
    assert unmeasured(replace(slow, evidence=Evidence(hung=True)))
    assert unmeasured(replace(slow, verdict=Verdict.RUNTIME_ERROR))
    assert not unmeasured(claim("c", verdict=Verdict.RUNTIME_ERROR)), "of the budget alone"
