"""`kata report`: what was recorded, told again as text and as a file."""

from __future__ import annotations

import html
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import cli
from grader.kata.kata import find
from grader.practice import attempts
from grader.practice.clock import Moment
from grader.practice.store import Store
from grader.report.verdict import Check, Diagnosis, Finding, Report, Submission, Tier, Verdict

KATA = find("sdpa")
CHECK = Check("test_a", "A claim.", "shape", Tier.REQUIRED, Verdict.WRONG_ANSWER, "all wrong")
WRONG = Report(
    "sdpa", 7, "cpu", 0.5, Submission("sdpa.py", "aa", source="x = 1\n"), (CHECK,),
    Diagnosis((Finding("no-scale", "no root", "Because.", "Why?", 1),), 1, 1),
)  # fmt: skip
RIGHT = replace(
    WRONG, checks=(replace(CHECK, verdict=Verdict.ACCEPTED, message=""),), diagnosis=Diagnosis(),
    submission=Submission("sdpa.py", "bb", source="y = 2\n"),
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A history of two attempts: a wrong one, and then a right one."""
    monkeypatch.setenv("KATA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with Store() as store:
        for at, report in ((1_000_000.0, WRONG), (1_000_600.0, RIGHT)):
            attempts.record(store, KATA, report, tmp_path / "sdpa.py", moment=Moment(at, at))
    return tmp_path


def kata(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", *arguments])


def test_the_last_attempt_is_told_unless_another_is_named(home: Path) -> None:
    assert "ACCEPTED" in kata().output
    told = kata("--attempt", "1")
    assert told.exit_code == 0
    assert "error[no-scale]: no root" in told.output


def test_history_as_text(home: Path) -> None:
    told = kata("--history").output
    assert "2 attempts" in told
    assert "overcome: no-scale" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((), "sdpa: accepted"), (("--attempt", "1"), "sdpa: wrong answer"),
     (("--history",), "Your practice")],
)  # fmt: skip
def test_html_goes_to_a_file(arguments: tuple[str, ...], says: str, home: Path) -> None:
    told = kata(*arguments, "--html", "out.html")
    assert (told.exit_code, told.output) == (0, "wrote out.html\n")
    text = Path("out.html").read_text(encoding="utf-8")
    assert f"<title>{says} · kata</title>" in text
    assert sorted(p.name for p in home.iterdir()) == ["home", "out.html"], "no draft is left"
    assert kata(*arguments, "--html", "-").output == f"{text}\n" or "--history" in arguments


def test_the_page_says_when_the_attempt_was(home: Path) -> None:
    assert re.search(r'<time datetime="1970-01-1[23]T', kata("--html", "-").output)


def test_history_tells_the_latest_attempts_first(home: Path) -> None:
    page = kata("--history", "--html", "-").output
    assert re.findall(r'<summary><span class="ms">(\d+)</span>', page) == ["2", "1"]
    assert "y = <" in page, "the whole source"


def test_a_page_of_ours_is_replaced_and_nothing_else(home: Path) -> None:
    file = Path("out.html")
    assert kata("--html", "out.html", "--attempt", "1").exit_code == 0
    assert kata("--html", "out.html").exit_code == 0
    assert "sdpa: accepted" in file.read_text()
    file.write_text("<!DOCTYPE html><title>mine</title>")
    refused = kata("--html", "out.html")
    assert refused.exit_code == 2
    assert "out.html is not a kata report: --force" in refused.output
    assert file.read_text().endswith("mine</title>")
    assert kata("--html", "out.html", "--force").exit_code == 0
    assert "sdpa: accepted" in file.read_text()


def test_a_failed_write_leaves_what_was_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kata("--html", "out.html", "--attempt", "1").exit_code == 0
    before = Path("out.html").read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    failed = kata("--html", "out.html")
    assert failed.exit_code == 2
    assert "out.html cannot be written: No space left on device" in failed.output
    assert Path("out.html").read_text() == before
    assert sorted(p.name for p in home.iterdir()) == ["home", "out.html"]


def test_a_link_stays_a_link_and_others_may_read_the_page(home: Path) -> None:
    Path("real.html").touch()
    Path("link.html").symlink_to("real.html")
    assert kata("--html", "link.html").exit_code == 2, "an empty file is no page of ours either"
    assert kata("--html", "link.html", "--force").exit_code == 0
    assert Path("link.html").is_symlink()
    assert "sdpa: accepted" in Path("real.html").read_text()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(Path("real.html").stat().st_mode) == 0o666 & ~mask


def circle(path: Path) -> None:
    path.symlink_to(path)


BAD_FILES = {
    "is a folder": Path.mkdir,
    "is not a regular file": os.mkfifo,
    "cannot be written": circle,
}


@pytest.mark.parametrize("complaint", BAD_FILES)
def test_files_that_cannot_be_written(complaint: str, home: Path) -> None:
    BAD_FILES[complaint](Path("out.html"))
    refused = kata("--html", "out.html", "--force")
    assert refused.exit_code == 2
    assert complaint in refused.output
    assert len(refused.output.strip().splitlines()) == 1
    assert kata("--html", "nowhere/out.html").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(("--attempt", "9"), "there is no attempt 9"), (("--round", "9"), "there is no interview 9"),
     (("--round", "1", "--history"), "exclude each other"), (("--attempt", "x"), "integer")],
)  # fmt: skip
def test_what_is_not_there(arguments: tuple[str, ...], complaint: str, home: Path) -> None:
    for more in ((), ("--html", "out.html")):
        refused = kata(*arguments, *more)
        assert refused.exit_code == 2
        assert complaint in refused.output
    assert not Path("out.html").exists()


def test_nothing_graded_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATA_HOME", str(tmp_path / "home"))
    assert "nothing was graded yet" in kata().output
    assert kata("--history").exit_code == 0
    assert "Nothing graded yet" in kata("--history", "--html", "-").output
    assert not (tmp_path / "home").exists(), "reading leaves no trace"


def test_an_interview_as_text_and_as_a_page(home: Path) -> None:
    from grader.interview.record import log
    from grader.interview.round.rounds import ready_rounds

    rules = ready_rounds()[0]
    with Store() as store:
        number = log.begin(store, rules, {"seed": 1, "folder": str(home), "questions": {}})
    told = kata("--round", str(number))
    assert told.exit_code == 0
    assert f"Round {number}" in told.output
    page = html.unescape(kata("--round", str(number), "--html", "-").output)
    assert "· kata</title>" in page
    assert f"{rules.level}</dd>" in page
    assert "not finished" in page
    for stage in rules.stages:
        assert stage.title in page


def test_a_report_that_can_no_longer_be_read(home: Path) -> None:
    with Store() as store:
        store.write(lambda db: db.execute("update archives set body = x'00' where attempt = 2"))
    refused = kata()
    assert refused.exit_code == 2
    assert "attempt 2 can no longer be read" in refused.output
    assert "kata restore sdpa --attempt 2" in refused.output
    page = kata("--history", "--html", "-").output
    assert re.findall(r'<summary><span class="ms">(\d+)</span>', page) == ["1"]
