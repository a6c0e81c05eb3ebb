"""How a refusal is built: the report of a submission that did not get as far as checks."""

from __future__ import annotations

from dataclasses import replace

from grader.report.verdict import Check, Fault, Report, Submission, Tier, Verdict

UNANSWERED = "plain_call"
"""What the failed check is called that stands for all of them, where no call is answered."""


def refused(
    kata: str, submission: Submission, failure: Exception, seed: int, device: str
) -> Report:
    """The report of a submission that no check could be run on."""
    return Report(kata, seed, device, 0.0, submission, failure=unready(failure))


def unready(failure: Exception) -> Check:
    """The failed check that stands for all of them, when a submission does not get that far."""
    fault = failure
    if not isinstance(fault, Fault):
        fault = Fault(Verdict.INVALID_SUBMISSION, str(failure))
    family = "rules" if fault.verdict is Verdict.INVALID_SUBMISSION else "robustness"
    return Check(
        "submission",
        "The submission loads, and offers what the kata asks for",
        family,
        Tier.REQUIRED,
        fault.verdict,
        fault.message,
        evidence=fault.evidence,
    )


def unanswered(fault: Fault) -> Check:
    """The same, when it answers not even the plainest call."""
    return replace(unready(fault), id=UNANSWERED, title="A plain call is answered with a tensor")
