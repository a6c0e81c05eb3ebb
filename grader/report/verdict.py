"""What flows out of a grade: verdicts, checks, diagnoses and the report. Plain data, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of a check, and of a whole report."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    BANNED_CALL = "banned_call"
    INVALID_SUBMISSION = "invalid_submission"
    INTERNAL_ERROR = "internal_error"


class Tier(StrEnum):
    """Required decides acceptance; stretch decides stars."""

    REQUIRED = "required"
    STRETCH = "stretch"


FAMILIES = (
    "shape",
    "masking",
    "equivalence",
    "gradient",
    "dropout",
    "budget",
    "numerics",
    "robustness",
    "rules",
)


ACCEPTED_SCORE = 70
"""The lowest score of an accepted submission."""


@dataclass(frozen=True)
class CandidateFrame:
    """One line of the candidate's own traceback."""

    line: int
    function: str
    text: str
    columns: tuple[int, int] | None = None
    """Where in the line the operation stands, in characters from 0, if that is known."""


@dataclass(frozen=True)
class Evidence:
    """Facts to show beside a failure; every part is optional."""

    index: tuple[int, ...] | None = None
    got: float | None = None
    expected: float | None = None
    shapes: str = ""
    facts: tuple[str, ...] = ()
    frames: tuple[CandidateFrame, ...] = ()
    grows: str = ""
    """Of code that costs too much, why: `batch`, `rows`, `heads` or `width` where a Python loop
    runs over it, `scores` or `context` (or both) where they come of a broadcast product, and
    `arithmetic` where it is just more of it."""
    allowed: float | None = None
    """How far `got` might have been from `expected`."""
    undefined: str = ""
    """A name that the submission uses and neither defines nor imports."""
    formal: bool = False
    """Whether its form is what fails: no place for an argument, no weight at some sizes."""
    hung: bool = False
    """Whether there was no answer at all, which is more than being slow."""
    skipped: bool = False
    """Whether the check was not run, as every call ends in what failed before it."""


def multiple(ratio: float, limit: float, digits: int = 1) -> str:
    """A ratio beside the limit that it passes: `3.2×`, or as many digits as it takes: `3.004×`."""
    digits = next((n for n in range(digits, 6) if float(f"{ratio:.{n}f}") != limit), 6)
    return f"{ratio:.{digits}f}×"


class Fault(Exception):
    """The candidate's fault in one check: a verdict, what happened, and evidence for it."""

    def __init__(self, verdict: Verdict, message: str, evidence: Evidence | None = None) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.message = message
        self.evidence = evidence or Evidence()


@dataclass(frozen=True)
class Check:
    """One check of a bank as it came out."""

    id: str
    title: str
    family: str
    tier: Tier
    verdict: Verdict
    message: str = ""
    seconds: float = 0.0
    evidence: Evidence = Evidence()

    @property
    def passed(self) -> bool:
        """Whether the submission did what this check claims."""
        return self.verdict is Verdict.ACCEPTED


PROVED = "proved"
"""With the mistake in it, our own solution gives the submission's answers, every one."""
MEASURED = "measured"
"""One aspect was measured and is not as it should be, or part of the answers is reproduced."""
SURE = {
    PROVED: "with it in place, our own solution gives all of your answers that failed",
    MEASURED: "it shows, but no edit of our own solution gives all of your answers that failed",
}
"""What each of the two means, in words."""


@dataclass(frozen=True)
class Finding:
    """One named mistake, with the line of the submission it points at where that is known."""

    pitfall: str
    title: str
    explanation: str
    question: str = ""
    line: int | None = None
    check: str = ""
    """The check that is made for this mistake: what it saw shows the mistake best."""
    columns: tuple[int, int] | None = None
    """Where in the line, in characters from 0; None where it is the line as a whole."""
    certainty: str = PROVED
    seen: str = ""
    """What was measured, in words."""


@dataclass(frozen=True)
class Diagnosis:
    """The mistakes that together reproduce a submission's answers, and how far they explain it."""

    findings: tuple[Finding, ...] = ()
    explained: int = 0
    failing: int = 0
    cut: bool = False
    """Whether the search ended before everything was tried."""


@dataclass(frozen=True)
class Heatmap:
    """Attention weights of the candidate beside the true ones: one row of numbers per query."""

    candidate: tuple[tuple[float, ...], ...]
    truth: tuple[tuple[float, ...], ...]
    caption: str


@dataclass(frozen=True)
class Budget:
    """What the submission takes as multiples of what the reference does, and the kata's limits.

    None: not measured, as where the answers are wrong.
    """

    ratio: float | None
    limit: float
    undecided: tuple[str, ...] = ()
    """Sizes at which the machine was too noisy to refuse anybody."""
    memory: float | None = None
    memory_limit: float | None = None


@dataclass(frozen=True)
class Submission:
    """The file that was graded."""

    path: str
    sha256: str = ""
    entry_point: str = ""
    notes: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Report:
    """Everything one grade found out."""

    kata: str
    seed: int
    device: str
    seconds: float
    submission: Submission
    checks: tuple[Check, ...] = ()
    diagnosis: Diagnosis = Diagnosis()
    evidence: tuple[str, ...] = ()
    heatmap: Heatmap | None = None
    budget: Budget | None = None
    output: str = ""
    confinement: str = "limits"
    failure: Check | None = field(default=None)
    """A fault before any check could run (invalid submission, internal error)."""

    @property
    def first_failure(self) -> Check | None:
        """The failing check that decides the verdict, if there is one."""
        if self.failure is not None:
            return self.failure
        met = (c for c in self.checks if not c.evidence.skipped)
        required = (c for c in met if not c.passed and c.tier is Tier.REQUIRED)
        return next(required, None)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the first failing required check, else accepted.

        A grade that ran nothing proves nothing, so it is never accepted.
        """
        failure = self.first_failure
        if failure is not None:
            return failure.verdict
        return Verdict.ACCEPTED if self.checks else Verdict.INTERNAL_ERROR

    @property
    def score(self) -> int:
        """From 0 to 100: accepted begins at 70, and whatever is not accepted ends below it.

        Accepted, the stretch checks passed make up the rest; else it is the share of all checks.
        """
        if not self.checks or self.failure is not None:
            return 0
        if self.verdict is not Verdict.ACCEPTED:
            return int((ACCEPTED_SCORE - 1) * _share(self.checks))
        stretch = [c for c in self.checks if c.tier is Tier.STRETCH]
        return ACCEPTED_SCORE + int((100 - ACCEPTED_SCORE) * _share(stretch))

    @property
    def stars(self) -> int:
        """0 not accepted · 1 accepted · 2 with most of stretch · 3 with all of it."""
        if self.verdict is not Verdict.ACCEPTED:
            return 0
        stretch = [c.passed for c in self.checks if c.tier is Tier.STRETCH]
        if all(stretch):
            return 3
        return 2 if sum(stretch) * 2 > len(stretch) else 1


def _share(checks: Sequence[Check]) -> float:
    """Which part of some checks was passed; all of none."""
    return sum(c.passed for c in checks) / len(checks) if checks else 1.0


# --- reports that need no check -------------------------------------------------------------------


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
