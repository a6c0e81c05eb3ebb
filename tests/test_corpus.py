"""Right submissions are accepted whatever their style; catalogued mistakes are refused."""

from __future__ import annotations

import pytest

from grader.judge.bank_run import Selection, collect
from grader.judge.session import Session, fresh_seed
from grader.kata.kata import Kata, all_katas
from grader.report.verdict import Tier, Verdict
from tests.conftest import Sample, by_its_bank, grade, samples

KATAS = all_katas()
IN_FULL = 8
"""Of so many right submissions one is graded as people's are, in workers and by the clock: another
one each time."""
ONE_IN = 4
"""Of so many checks each right submission meets one, others each time, in this process; that every
one of them passes every check, at many seeds, is what `tests/benchmark.py --soak` is for."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_right_answer_is_accepted_in_every_style(kata: Kata) -> None:
    seed = fresh_seed()
    outcomes = by_its_bank(kata, samples("right", kata.slug), seed, one_in=ONE_IN)
    refused = [(o.mutant.name, o.failed[0].id, o.failed[0].message) for o in outcomes if o.refused]
    assert refused == [], seed


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_right_answer_is_accepted_as_people_hand_it_in(session: Session, kata: Kata) -> None:
    styles = samples("right", kata.slug)
    for sample in styles[fresh_seed() % IN_FULL :: IN_FULL]:
        report = grade(session, kata, sample.path, diagnose=False)
        assert report.verdict is Verdict.ACCEPTED, (sample.id, report.seed, report.first_failure)


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_what_costs_stars_costs_no_more(kata: Kata) -> None:
    costly = [s for s in samples("wrong", kata.slug) if s.header["refused"] == "stretch"]
    seed = fresh_seed()
    for outcome in by_its_bank(kata, costly[seed % 2 :: 2], seed):
        lost = {check.tier for check in outcome.failed}
        assert lost == {Tier.STRETCH}, (outcome.mutant.name, seed, outcome.failed)


REFUSED = [s for s in samples("wrong") if s.header["refused"] == "yes"]
HARMLESS = [s for s in samples("wrong") if s.header["refused"].startswith("no - ")]


def test_every_header_of_a_wrong_submission_says_what_it_deserves() -> None:
    known = {s.id for s in (*REFUSED, *HARMLESS)}
    assert {s.header["refused"] for s in samples("wrong") if s.id not in known} == {"stretch"}


CLOCKED = {i.name for kata in KATAS for i in collect(kata) if i.family == "budget"}
"""Checks that take real workers."""
NAMED = [
    s
    for s in REFUSED
    if "named" in s.header and "check" in s.header and s.header["check"] not in CLOCKED
]
"""Those that say what they are to be called are many, and refused by what refuses the others."""
NAMED_IN = 2
"""Of so many of these one is tried, another one each time."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_mistake_with_a_name_is_refused(kata: Kata) -> None:
    seed = fresh_seed()
    files = {s.id: s for s in [s for s in NAMED if s.kata == kata][seed % NAMED_IN :: NAMED_IN]}
    outcomes = by_its_bank(kata, list(files.values()), seed, only_named=True)
    assert len(outcomes) == len(files)
    assert [o.mutant.name for o in outcomes if not o.refused] == [], seed


@pytest.mark.parametrize("sample", [s for s in REFUSED if s not in NAMED], ids=lambda s: s.id)
def test_a_catalogued_mistake_is_refused(session: Session, sample: Sample) -> None:
    own = sample.header.get("check")
    without = () if own in CLOCKED else ("budget",)
    selection = Selection((own,) if own else None, without, stop_early=True)
    report = grade(session, sample.kata, sample.path, selection=selection, diagnose=False)
    assert report.verdict is not Verdict.INTERNAL_ERROR, report.failure
    assert report.verdict is not Verdict.ACCEPTED, report.seed
    assert own is None or [c.id for c in report.checks] == [own], report.failure


@pytest.mark.parametrize("sample", HARMLESS, ids=lambda s: s.id)
def test_what_does_no_harm_costs_nothing(session: Session, sample: Sample) -> None:
    report = grade(session, sample.kata, sample.path, diagnose=False)
    assert report.stars == 3, (report.seed, report.first_failure)


FORMS = [s for s in REFUSED if s.path.stem.startswith("form_")]


@pytest.mark.parametrize("sample", FORMS, ids=lambda s: s.id)
def test_a_mistake_in_a_form_is_refused_for_itself(sample: Sample) -> None:
    """The form is taken, weights are matched, and a check says what is wrong."""
    assert sample.header["check"] in sample.kata.announced
