"""Reports as they were when somebody last read them: a change of wording is seen, and meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.judge.session import Session
from grader.report.verdict import (
    Budget,
    Check,
    Evidence,
    Heatmap,
    Report,
    Submission,
    Tier,
    Verdict,
)
from tests import golden

READ = f"If this is meant, write the files anew, and commit them with the change:\n  {golden.WRITE}"


@pytest.mark.parametrize("name", golden.names())
def test_a_report_is_what_it_was(session: Session, name: str) -> None:
    said = golden.difference(name, golden.rendered(golden.graded(session, name)))
    if said:
        pytest.fail(f"The report of tests/golden/{name}.py has changed.\n\n{said}\n\n{READ}", False)


def test_every_file_is_the_report_of_a_submission() -> None:
    expected = {
        f"{name}.{ending}" for name in golden.names() for ending in ("py", "txt", "json", "html")
    }
    assert {f.name for f in golden.FOLDER.iterdir() if f.name[0] != "_"} == expected
    assert len(golden.names()) >= 8


def test_together_they_show_every_kind_of_outcome() -> None:
    texts = [(golden.FOLDER / f"{name}.txt").read_text(encoding="utf-8") for name in golden.names()]
    for word in (
        "★★★", "★★☆", "error[", "remark[", "error: ", "note: ", "= expected", "= got", "= with",
        "= seen", "= ask yourself", "your code printed", "no known mistake", "ACCEPTED",
        "WRONG ANSWER", "RUNTIME ERROR", "TOO SLOW", "CANNOT BE GRADED",
    ):  # fmt: skip
        assert any(word in text for text in texts), word
    assert any(text.count("error[") == 2 for text in texts)


# --- what varies is left out, and nothing else ------------------------------------------------

CHECK = Check(
    "test_it", "It is so.", "equivalence", Tier.REQUIRED, Verdict.WRONG_ANSWER,
    "12 % of the values are wrong", 0.5, Evidence((0, 1), 1.23456, 2.34567, "x (2, 3)"),
)  # fmt: skip
SLOW = Check(
    "test_time", "It is quick.", "budget", Tier.REQUIRED, Verdict.TIME_LIMIT,
    "4.5× the reference's time on many; the limit is 3×", 0.5,
)  # fmt: skip
REPORT = Report(
    "sdpa", 7, "cpu", 1.5, Submission("there/x.py", "ab", "f", ("a note",), "def f(): ...\n"),
    (CHECK, SLOW), evidence=("seen",), budget=Budget(1.5, 3.0), output="printed\n",
    heatmap=Heatmap(((0.123456, 0.876544),), ((0.5, 0.5),), "without a mask"),
)  # fmt: skip


def with_check(**changed: object) -> Report:
    return replace(REPORT, checks=(replace(CHECK, **changed), SLOW))  # type: ignore[arg-type]


def with_slow(message: str, **changed: object) -> Report:
    return replace(REPORT, checks=(CHECK, replace(SLOW, message=message, **changed)))  # type: ignore[arg-type]


OTHER_RUNS = {
    "seconds": replace(REPORT, seconds=99.0),
    "seconds of a check": with_check(seconds=3.0),
    "ratio": replace(REPORT, budget=Budget(2.9, 3.0)),
    "no ratio": replace(REPORT, budget=Budget(None, 3.0)),
    "ratio in words": with_slow("17.25× the reference's time on many; the limit is 3×"),
    "folder": replace(REPORT, submission=replace(REPORT.submission, path="/tmp/here/x.py")),
    "digits": with_check(evidence=replace(CHECK.evidence, got=1.23444, expected=2.34544)),
}
OTHER_REPORTS = {
    "kata": replace(REPORT, kata="rope"),
    "seed": replace(REPORT, seed=8),
    "device": replace(REPORT, device="cuda"),
    "over the limit": replace(REPORT, budget=Budget(3.1, 3.0)),
    "limit": replace(REPORT, budget=Budget(1.5, 4.0)),
    "limit in words": with_slow("4.5× the reference's time on many; the limit is 4×"),
    "no budget": replace(REPORT, budget=None),
    "file": replace(REPORT, submission=replace(REPORT.submission, path="there/y.py")),
    "note": replace(REPORT, submission=replace(REPORT.submission, notes=())),
    "title": with_check(title="It is not so."),
    "verdict": with_check(verdict=Verdict.ACCEPTED),
    "message": with_check(message="13 % of the values are wrong"),
    "value": with_check(evidence=replace(CHECK.evidence, got=1.25)),
    "place": with_check(evidence=replace(CHECK.evidence, index=(1, 1))),
    "input": with_check(evidence=replace(CHECK.evidence, shapes="x (3, 3)")),
    "fact": replace(REPORT, evidence=("seen otherwise",)),
    "print": replace(REPORT, output="printed otherwise\n"),
    "weights": replace(REPORT, heatmap=Heatmap(((0.9, 0.1),), ((0.5, 0.5),), "without a mask")),
    "failure": replace(REPORT, failure=CHECK),
}


@pytest.mark.parametrize("other", OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_another_run_on_another_machine_gives_the_same_files(other: Report) -> None:
    assert other != REPORT
    assert golden.rendered(other) == golden.rendered(REPORT)


@pytest.mark.parametrize("other", OTHER_REPORTS.values(), ids=OTHER_REPORTS)
def test_whatever_else_changes_is_seen(other: Report) -> None:
    assert golden.rendered(other) != golden.rendered(REPORT)


def test_the_seconds_of_a_submission_that_could_not_run_are_left_out_too() -> None:
    one, other = (replace(REPORT, failure=replace(CHECK, seconds=s)) for s in (1.0, 2.0))
    assert golden.rendered(one) == golden.rendered(other)


def test_a_page_is_kept_without_its_style_sheet() -> None:
    page = golden.rendered(REPORT)["html"]
    assert "<style>the style sheet</style>" in page
    assert "{" not in page
    assert "<!-- the squares -->" in page
    assert "square" not in page.replace("<!-- the squares -->", "")
    assert "It is so." in page


def test_a_change_is_shown_as_what_was_and_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    forms = golden.rendered(REPORT)
    golden.write("x", forms)
    assert golden.difference("x", forms) == ""
    said = golden.difference("x", golden.rendered(OTHER_REPORTS["title"])).splitlines()
    for ending in forms:
        assert f"--- tests/golden/x.{ending}" in said
    assert "-   = expected: It is so" in said
    assert "+   = expected: It is not so" in said
    assert golden.difference("never written", forms)
