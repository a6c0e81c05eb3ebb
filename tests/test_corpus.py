"""Right submissions are accepted whatever their style; catalogued mistakes are refused."""

from __future__ import annotations

import pytest

from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.report.verdict import Tier, Verdict
from tests.conftest import Sample, grade, samples


@pytest.mark.parametrize("sample", samples("right"), ids=lambda s: s.id)
def test_a_right_answer_in_this_style_is_accepted(session: Session, sample: Sample) -> None:
    report = grade(session, sample.kata, sample.path, diagnose=False)
    failed = [(c.id, c.message) for c in report.checks if not c.passed and c.tier is Tier.REQUIRED]
    assert report.verdict is Verdict.ACCEPTED, (report.seed, failed, report.failure)


@pytest.mark.parametrize("sample", samples("wrong"), ids=lambda s: s.id)
def test_a_catalogued_mistake_gets_what_it_deserves(session: Session, sample: Sample) -> None:
    fate = sample.header["refused"].split(" - ")[0]
    own = sample.header.get("check")
    selection = Selection((own,) if own else None, ("budget",), stop_early=fate == "yes")
    report = grade(session, sample.kata, sample.path, selection=selection, diagnose=False)
    failed_stretch = [c for c in report.checks if c.tier is Tier.STRETCH and not c.passed]
    assert report.verdict is not Verdict.INTERNAL_ERROR, report.failure
    if fate == "yes":
        assert report.verdict is not Verdict.ACCEPTED, report.seed
        assert own is None or [c.id for c in report.checks] == [own], report.failure
    else:
        assert report.verdict is Verdict.ACCEPTED, (report.seed, report.first_failure)
        assert bool(failed_stretch) == (fate == "stretch"), report.seed


FORMS = [s for s in samples("wrong") if s.path.stem.startswith("form_")]


@pytest.mark.parametrize("sample", FORMS, ids=lambda s: s.id)
def test_a_mistake_in_a_form_is_refused_for_itself(sample: Sample) -> None:
    """The form is taken, weights are matched, and a check says what is wrong."""
    assert sample.header["check"] in sample.kata.announced
