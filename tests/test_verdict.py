"""What a grade comes to: the first failing required check decides, stretch costs stars."""

from __future__ import annotations

import json

import pytest

from grader.report.document import to_document
from grader.report.verdict import Check, Report, Submission, Tier, Verdict


def report(*verdicts: tuple[Tier, Verdict]) -> Report:
    checks = tuple(Check(str(i), "", "shape", t, v) for i, (t, v) in enumerate(verdicts))
    return Report("k", 0, "cpu", 0.0, Submission("x.py"), checks)


OK, WRONG = Verdict.ACCEPTED, Verdict.WRONG_ANSWER
REQUIRED, STRETCH = Tier.REQUIRED, Tier.STRETCH


@pytest.mark.parametrize(
    ("checks", "verdict", "stars"),
    [
        ([], Verdict.INTERNAL_ERROR, 0),
        ([(REQUIRED, OK)], OK, 3),
        ([(REQUIRED, OK), (STRETCH, WRONG)], OK, 1),
        ([(REQUIRED, OK), (STRETCH, WRONG), (STRETCH, OK), (STRETCH, OK)], OK, 2),
        ([(REQUIRED, WRONG), (STRETCH, OK)], WRONG, 0),
        ([(STRETCH, WRONG), (REQUIRED, Verdict.TIME_LIMIT), (REQUIRED, WRONG)], "time_limit", 0),
    ],
)
def test_the_first_failing_required_check_decides(checks, verdict, stars) -> None:
    graded = report(*checks)
    assert graded.verdict == verdict
    assert graded.stars == stars


def test_the_document_is_plain_json() -> None:
    document = to_document(report((REQUIRED, WRONG)))
    assert json.loads(json.dumps(document))["verdict"] == "wrong_answer"


def test_no_score_of_what_fails_stands_above_one_of_what_is_accepted() -> None:
    def score(*checks: tuple[Tier, Verdict]) -> int:
        return report(*checks).score

    assert score((REQUIRED, WRONG), *[(REQUIRED, OK), (STRETCH, OK)] * 999) == 68
    assert score((REQUIRED, WRONG)) == 0
    assert score((REQUIRED, OK), *[(STRETCH, WRONG)] * 99) == 70
    assert score((REQUIRED, OK), (STRETCH, OK), (STRETCH, WRONG)) == 85
    assert score((REQUIRED, OK)) == score((REQUIRED, OK), (STRETCH, OK)) == 100
