"""What is remembered: nothing recorded is lost, and what it says of a practice is right."""

from __future__ import annotations

import io
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.cli import cli
from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.kata import all_katas, find
from grader.practice import attempts, help, salvage, sitting
from grader.practice import store as store_module
from grader.practice.attempts import Attempt
from grader.practice.clock import Moment, between
from grader.practice.clock import now as this_moment
from grader.practice.next import following, next_step
from grader.practice.schedule import Rating, rate
from grader.practice.sitting import Effort
from grader.practice.standing import standing
from grader.practice.store import Store, Unavailable
from grader.render.html.page import history_page
from grader.render.terminal.status import attempts_text, standing_text
from grader.report.archive import Unreadable, pack_report, unpack_report
from grader.report.verdict import (
    MEASURED,
    Check,
    Diagnosis,
    Finding,
    Report,
    Submission,
    Tier,
    Verdict,
)
from grader.report.words import minutes

SDPA = find("sdpa")
FILE = Path("sdpa.py")
HOUR, DAY = 3600.0, 86400.0
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()


def at(seconds: float) -> Moment:
    """A moment after noon of some day, on both clocks."""
    return Moment(NOON + seconds, 1000.0 + seconds, "a boot")


def report(
    verdict: Verdict = Verdict.ACCEPTED, text: str = "text", *mistakes: str, **more: Any
) -> Report:
    """A report as a grade would make it, of one check."""
    check = Check("test_it", "It is so", "shape", Tier.REQUIRED, verdict, "it is not")
    findings = tuple(Finding(m, f"the title of {m}", "why", **more) for m in mistakes)
    submission = Submission("sdpa.py", f"sha-{text}", "f", (), text)
    return Report("sdpa", 7, "cpu", 0.4, submission, (check,), Diagnosis(findings, 1, 1))


WRONG = Verdict.WRONG_ANSWER


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def attempt(store: Store, seconds: float, what: Report, file: Path = FILE) -> attempts.Recorded:
    return attempts.record(store, SDPA, what, file, moment=at(seconds))


def kata(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "grader", *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "KATA_HOME": str(folder / "home")}, check=False, timeout=60, **options,
    )  # type: ignore[call-overload]  # fmt: skip


# --- an attempt -------------------------------------------------------------------------------


def test_an_attempt_is_kept_whole(store: Store, session: Session) -> None:
    text = SDPA.solution.read_text(encoding="utf-8").replace("/ math.sqrt(d_k)", "/ d_k")
    graded = session.grade(SDPA, Source(FILE, text, "a digest"))
    number = attempts.record(store, SDPA, graded, FILE).attempt
    kept = attempts.attempt(store, number)
    assert kept is not None
    assert attempts.report_of(store, number) == graded
    assert attempts.text_of(store, kept.sha256) == text
    assert kept.verdict is Verdict.WRONG_ANSWER
    assert kept.mistakes == tuple(f.pitfall for f in graded.diagnosis.findings) != ()
    assert kept.seed == graded.seed
    assert graded.heatmap is not None


def test_what_is_no_kept_report_is_not_read_as_one() -> None:
    good = pack_report(report())
    assert unpack_report(good) == report()
    whole = unpack_report(good.replace('"seconds":0.4', '"seconds":4'))
    assert isinstance(whole.seconds, float), "which JSON may write without its point"
    for bad in ("", "{}", "[1]", good.replace('"accepted"', '"great"'), good.replace("7", '"7"')):
        with pytest.raises(Unreadable):
            unpack_report(bad)


def test_the_command_keeps_an_attempt_and_brings_its_text_back(tmp_path: Path) -> None:
    assert kata(tmp_path, "start", "sdpa").returncode == 0
    file = tmp_path / "sdpa.py"
    file.write_text("def broken(:\n")
    assert kata(tmp_path, "grade").returncode == 1
    file.write_text("something else")
    brought = kata(tmp_path, "restore", "sdpa")
    assert brought.returncode == 0, brought.stderr
    assert file.read_text() == "def broken(:\n"
    assert (tmp_path / "sdpa.py.1.bak").read_text() == "something else"
    shown = kata(tmp_path, "restore", "sdpa", "--attempt", "1", "--show")
    assert shown.stdout == "def broken(:\n"
    missing = kata(tmp_path, "restore", "sdpa", "--attempt", "9")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no attempt 9" in missing.stderr
    assert "cannot be graded" in kata(tmp_path, "status", "sdpa").stdout


def test_restore_brings_back_the_last_text_that_the_file_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KATA_HOME", str(tmp_path / "home"))
    with Store() as store:
        for text in ("first", "second", "third"):
            attempt(store, 0, report(WRONG, text))
    for here, brought in (("third", "second"), ("second", "third"), ("other", "third")):
        FILE.write_text(here)
        assert CliRunner().invoke(cli, ["restore", "sdpa", "--show"]).output == brought


def test_no_record_keeps_an_attempt_out(tmp_path: Path) -> None:
    (tmp_path / "sdpa.py").write_text("def broken(:\n")
    kata(tmp_path, "grade", "sdpa", "--no-record")
    assert attempts.attempts(Store(tmp_path / "home")) == ()


# --- a practice -------------------------------------------------------------------------------


def test_time_is_measured_by_the_steady_clock() -> None:
    begun = Moment(NOON, 100.0, "a boot")
    assert between(begun, Moment(NOON - DAY, 160.0, "a boot")) == 60.0, "the wall clock was set"
    assert between(begun, Moment(NOON + 30, 5.0, "another boot")) == 30.0
    assert between(begun, Moment(NOON - 30, 5.0, "another boot")) == 0.0
    unsaid = Moment(NOON, 100.0), Moment(NOON + 30, 5.0)
    assert between(*unsaid) == 30.0, "where boots have no name, they may be two"


def test_an_attempt_belongs_to_the_practice_its_file_was_started_for(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    assert attempt(store, 60, report(WRONG)).since_start == 60.0
    assert attempt(store, 90, report(WRONG), Path("another.py")).since_start is None
    done = attempt(store, 120, report(text="right"))
    assert (done.since_start, done.rating) == (120.0, Rating.GOOD)
    assert attempt(store, 130, report(text="nicer")).rating is None, "one pass a practice"
    attempts.remember_start(store, SDPA, FILE, at(DAY))
    again = attempt(store, DAY + 60, report(text="right"))
    assert (again.since_start, again.rating) == (60.0, Rating.EASY)


def test_a_text_changed_long_after_the_pass_is_a_new_practice(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    attempt(store, 10, report(text="right"))
    assert attempt(store, DAY, report(text="right")).rating is None, "graded again, that is all"
    attempt(store, DAY + 10, report(WRONG, "rewritten"))
    assert attempt(store, DAY + 60, report(text="rewritten rightly")).rating is Rating.GOOD


@pytest.mark.parametrize(
    ("effort", "expected"),
    [
        (Effort(1, 0, saw_solution=False, seconds=8 * 60), Rating.EASY),
        (Effort(1, 0, saw_solution=False, seconds=8 * 60 + 1), Rating.GOOD),
        (Effort(1, 0, saw_solution=False, seconds=None), Rating.GOOD),
        (Effort(3, 0, saw_solution=False, seconds=60), Rating.GOOD),
        (Effort(4, 0, saw_solution=False, seconds=60), Rating.HARD),
        (Effort(1, 1, saw_solution=False, seconds=60), Rating.HARD),
        (Effort(1, 3, saw_solution=True, seconds=60), Rating.AGAIN),
    ],
)
def test_what_a_pass_took_is_its_rating(effort: Effort, expected: Rating) -> None:
    assert rate(effort, 8) is expected


def test_what_is_no_try_does_not_count_as_one(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    for _ in range(5):
        attempt(store, 10, report(Verdict.INVALID_SUBMISSION, "half a f"))
        attempt(store, 10, report(Verdict.INTERNAL_ERROR, "our own failure"))
    assert attempt(store, 60, report()).rating is Rating.EASY


def test_the_harder_a_pass_the_sooner_it_is_due(tmp_path: Path) -> None:
    days = []
    for number, prepare in enumerate((_see_solution, _take_hint, _fail_twice, _nothing)):
        store = Store(tmp_path / str(number))
        attempts.remember_start(store, SDPA, FILE, at(0))
        prepare(store)
        due = attempt(store, 100, report(text="right")).due
        assert due is not None
        days.append((due - NOON) / DAY)
    assert days == sorted(days)
    assert days[0] < days[2] < days[3]
    assert days[0] >= 1, "never the same day"


def _see_solution(store: Store) -> None:
    help.note_solution_seen(store, SDPA, FILE, at(5))


def _take_hint(store: Store) -> None:
    help.next_hint(store, SDPA, FILE, at(5))


def _fail_twice(store: Store) -> None:
    attempt(store, 5, report(WRONG))
    attempt(store, 6, report(WRONG))


def _nothing(store: Store) -> None:
    pass


def test_intervals_grow_with_each_good_pass_even_when_the_clock_was_set_back(store: Store) -> None:
    intervals, seconds = [], 0.0
    for number in range(4):
        attempts.remember_start(store, SDPA, FILE, at(seconds))
        due = attempt(store, seconds + 60, report(text=f"{number}")).due
        assert due is not None
        intervals.append(due - at(seconds).at)
        seconds = due - NOON
    assert intervals == sorted(intervals)
    attempts.remember_start(store, SDPA, FILE, at(-DAY))
    due_again = attempt(store, -DAY, report(text="before")).due
    assert due_again is not None
    assert due_again >= due, "no pass brings a kata back sooner than it was due already"


# --- help -------------------------------------------------------------------------------------


def test_hints_climb_the_ladder_and_remember_the_rung(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    given = [help.next_hint(store, SDPA, FILE, at(n)) for n in range(4)]
    assert [h.key for h in given] == ["1", "2", "3", "3"]
    assert [h.repeated for h in given] == [False, False, False, True]
    assert [h.left for h in given] == [2, 1, 0, 0]
    attempts.remember_start(store, SDPA, FILE, at(DAY))
    assert help.next_hint(store, SDPA, FILE, at(DAY)).key == "1", "a new practice, a new ladder"


def test_a_measured_mistake_has_a_hint_too_with_the_title_it_was_named_by(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    attempt(store, 10, report(WRONG, "eight", "scale-constant", "attends-across-the-batch"))
    first, second = (help.next_hint(store, SDPA, FILE, at(20)) for _ in range(2))
    assert (first.key, first.title) == ("scale-constant", "the title of scale-constant")
    assert "kata explain scale-constant" in first.text
    assert second.key == "attends-across-the-batch"
    assert "kata explain" not in second.text, "it has no line to show"
    assert help.next_hint(store, SDPA, FILE, at(30)).key == "1"


def test_a_hint_long_after_the_pass_belongs_to_what_comes_next(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    attempt(store, 10, report(text="right"))
    assert help.next_hint(store, SDPA, FILE, at(HOUR)).key == "1"
    assert help.next_hint(store, SDPA, FILE, at(DAY)).key == "1", "not of the old practice"
    attempt(store, DAY + 60, report(text="rewritten"))
    kept = attempts.attempts(store)
    assert [a.hints for a in kept] == [0, 1]


def test_a_named_mistake_comes_before_the_ladder(store: Store) -> None:
    attempts.remember_start(store, SDPA, FILE, at(0))
    assert help.next_hint(store, SDPA, FILE, at(1)).key == "1"
    attempt(store, 2, report(WRONG, "a", "no-scale"))
    about = help.next_hint(store, SDPA, FILE, at(3))
    assert (about.kind, about.key) == (help.MISTAKE, "no-scale")
    assert "variance" in about.text
    assert help.next_hint(store, SDPA, FILE, at(4)).key == "2", "said once; then the next rung"
    attempt(store, 5, report(WRONG, "b", "mask-inverted"))
    taken = [a.hints for a in attempts.attempts(store)]
    assert taken == [1, 2], "what `kata explain` tells as well is no hint taken"
    assert help.next_hint(store, SDPA, FILE, at(6)).key == "mask-inverted"
    attempt(store, 7, report(WRONG, "c"))
    assert help.next_hint(store, SDPA, FILE, at(8)).key == "3"


def test_explain_alone_is_about_the_last_attempt(tmp_path: Path) -> None:
    assert kata(tmp_path, "explain").returncode == 2
    store = Store(tmp_path / "home")
    attempt(store, 1, report(WRONG, "a", "no-scale", "mask-inverted"))
    said = kata(tmp_path, "explain").stdout
    assert said.count("error[no-scale]") == said.count("error[mask-inverted]") == 1
    assert said.count("in your last attempt: proved") == 2
    assert "last attempt" not in kata(tmp_path, "explain", "softmax-twice").stdout
    unsure = report(WRONG, "b", "scale-constant", certainty=MEASURED, seen="divided by 8")
    attempt(store, 2, unsure)
    for said in (
        kata(tmp_path, "explain").stdout,
        kata(tmp_path, "explain", "scale-constant").stdout,
    ):
        assert "in your last attempt: measured" in said
        assert "seen: divided by 8" in said
    assert "scale-constant (measured)" in kata(tmp_path, "status", "sdpa").stdout
    assert "scale-constant (sdpa, measured)" in kata(tmp_path, "status").stdout
    attempt(store, 3, report())
    assert "no named mistake" in kata(tmp_path, "explain").stderr


def test_the_solution_opens_with_the_pass_of_this_practice(store: Store) -> None:
    assert not help.is_open(store, SDPA, FILE)
    attempts.remember_start(store, SDPA, FILE, at(0))
    assert not help.is_open(store, SDPA, FILE)
    attempt(store, 10, report())
    assert help.is_open(store, SDPA, FILE)
    help.note_solution_seen(store, SDPA, FILE, at(20))
    going = attempts.current_practice(store, "sdpa")
    assert going is not None
    made = store.read(lambda db: sitting.effort(db, going, at(30)))
    assert not made.saw_solution, "after the pass it is no help"
    assert help.is_open(store, SDPA, Path("elsewhere.py"))
    attempts.remember_start(store, SDPA, FILE, at(DAY))
    assert not help.is_open(store, SDPA, FILE), "practised anew, it is closed again"


def test_the_solution_asks_first_and_notes_that_it_was_seen(tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    kata(tmp_path, "start", "sdpa")
    refused = kata(tmp_path, "solution", "sdpa", stdin=subprocess.DEVNULL)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--yes" in refused.stderr

    def seen() -> bool:
        store = Store(tmp_path / "home")
        going = attempts.current_practice(store, "sdpa")
        assert going is not None
        return store.read(lambda db: sitting.effort(db, going, this_moment())).saw_solution

    for answer in ("n", "y"):
        child = pexpect.spawn(
            f"{sys.executable} -m grader solution sdpa", cwd=str(tmp_path), timeout=20,
            env={**os.environ, "KATA_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        child.expect("not passed yet")
        assert not seen()
        child.sendline(answer)
        child.expect(pexpect.EOF)
        assert (b"softmax" in child.before) == (answer == "y") == seen()


def test_the_solution_is_shown_beside_ones_own_file(tmp_path: Path) -> None:
    """After a pass, without a question; or with `--yes`."""
    (tmp_path / "sdpa.py").write_text("def scaled_dot_product_attention(): ...  # mine\n", "utf-8")
    shown = kata(tmp_path, "solution", "sdpa", "--beside", "--yes")
    first, *rest = shown.stdout.splitlines()
    assert first.split("  ")[0] == "yours: sdpa.py"
    assert first.rstrip().endswith("the solution")
    assert "# mine" in rest[0]
    where = rest[0].index("# mine"), first.index("the solution")
    assert where[0] < where[1], "yours is on the left"
    assert any("softmax" in line[where[1] :] for line in rest)
    missing = kata(tmp_path, "solution", "sdpa", "elsewhere.py", "--beside", "--yes")
    assert missing.returncode == 2
    assert "elsewhere.py" in missing.stderr


# --- how everything stands --------------------------------------------------------------------


def test_mistakes_are_overcome_by_a_later_pass(store: Store) -> None:
    attempt(store, 1, report(WRONG, "a", "no-scale"))
    attempt(store, 2, report(WRONG, "b", "no-scale", "mask-inverted"))
    attempt(store, 3, report(text="c"))
    attempt(store, 4, report(WRONG, "d", "mask-inverted"))
    (stand,) = [k for k in standing(store, all_katas(), at(5)).katas if k.slug == "sdpa"]
    assert {(m.pitfall, m.times, m.overcome) for m in stand.mistakes} == {
        ("no-scale", 2, True), ("mask-inverted", 2, False),
    }  # fmt: skip
    assert [m.last - NOON for m in stand.mistakes] == [4, 2], "the latest first"
    assert stand.attempts == 4
    assert stand.last is not None
    assert stand.last.number == 4
    assert stand.best is not None
    assert stand.best.number == 3


def test_one_kind_of_mistake_is_overcome_in_all_katas_at_once(store: Store) -> None:
    """What `sdpa` calls mask-inverted, `multi-head` calls mask-polarity."""
    heads = find("multi-head")

    def made(seconds: float, *mistakes: str) -> None:
        what = report(WRONG if mistakes else Verdict.ACCEPTED, f"{seconds}", *mistakes)
        attempts.record(store, heads, replace(what, kata=heads.slug), FILE, moment=at(seconds))

    def overcome() -> list[bool]:
        katas = standing(store, [SDPA, heads], at(HOUR)).katas
        return [m.overcome for kata in katas for m in kata.mistakes]

    attempt(store, 1, report(WRONG, "a", "mask-inverted"))
    attempt(store, 2, report(text="b"))
    assert overcome() == [True]
    made(3, "mask-polarity")
    assert overcome() == [False, False], "made again elsewhere"
    made(4)
    assert overcome() == [True, True]


def test_the_quickest_pass_counts_against_par(store: Store) -> None:
    for day, seconds in enumerate((300, 100, 200)):
        attempts.remember_start(store, SDPA, FILE, at(day * DAY))
        attempt(store, day * DAY + seconds, report(text=f"{day}"))
        attempt(store, day * DAY + seconds + 50, report(text=f"{day}, nicer"))
    attempt(store, 9 * DAY, report(text="untimed"), Path("other.py"))
    assert standing(store, [SDPA], at(9 * DAY)).katas[0].passed_in == 100.0


def test_a_streak_is_days_in_a_row_and_today_may_still_come(store: Store) -> None:
    for day in (0, 2, 3, 4):
        attempt(store, day * DAY, report(text=f"{day}"))
    assert standing(store, [SDPA], at(4 * DAY)).streak == 3
    assert standing(store, [SDPA], at(5 * DAY)).streak == 3
    assert standing(store, [SDPA], at(6 * DAY)).streak == 0


def test_next_is_what_is_due_most_then_the_ladder_then_nothing(store: Store) -> None:
    katas = all_katas()
    assert next_step(standing(store, katas, at(0))).slug == katas[0].slug
    for number, one in enumerate(katas):
        passed = replace(report(), kata=one.slug)
        attempts.record(store, one, passed, Path(f"{one.slug}.py"), moment=at(number * 60))
        if number == 1:
            step = next_step(standing(store, katas, at(HOUR)))
            assert (step.slug, step.why) == (katas[2].slug, "the next rung")
    rest = next_step(standing(store, katas, at(HOUR)))
    assert not rest.due
    assert rest.slug == katas[0].slug, "what will be due first"
    due = standing(store, katas, at(HOUR)).katas[0].due
    assert due is not None
    assert not next_step(standing(store, katas, at(due - NOON - 1))).due
    assert next_step(standing(store, katas, at(due - NOON))).due
    after = next_step(standing(store, katas, at(30 * DAY)), but=katas[0].slug)
    assert (after.slug, after.due) == (katas[1].slug, True), "not the one just practised"
    most = next_step(standing(store, katas, at(30 * DAY)))
    assert (most.slug, most.due) == (katas[0].slug, True)


def test_kata_next_starts_it_and_goes_on_with_what_was_begun(tmp_path: Path) -> None:
    first = kata(tmp_path, "next")
    assert "wrote sdpa.py" in first.stdout
    again = kata(tmp_path, "next")
    assert "go on in sdpa.py" in again.stdout
    attempts.record(Store(tmp_path / "home"), SDPA, report(), tmp_path / "sdpa.py")
    assert "wrote self-attention.py" in kata(tmp_path, "next").stdout


def test_an_empty_home_is_not_an_error_and_reading_writes_nothing(tmp_path: Path) -> None:
    for arguments in (["status"], ["status", "sdpa"]):
        done = kata(tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("columns", [40, 80])
def test_status_fits_a_terminal(tmp_path: Path, columns: int) -> None:
    pexpect = pytest.importorskip("pexpect")
    attempt(Store(tmp_path / "home"), 0, report(WRONG, "a", "no-scale", "mask-inverted"))
    shown = pexpect.run(
        f"{sys.executable} -m grader status", cwd=str(tmp_path), timeout=20,
        env={**os.environ, "KATA_HOME": str(tmp_path / "home"), "TERM": "dumb",
             "COLUMNS": str(columns)},
    ).decode()  # fmt: skip
    assert all(len(line) <= columns for line in shown.splitlines())
    for kata_ in all_katas():
        assert kata_.slug in shown


# --- nothing recorded is lost -----------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from grader.practice.store import Store
from tests.test_memory import attempt, report
store = Store(Path(sys.argv[1]))
for number in range(30):
    attempt(store, number, report(text=f"{sys.argv[2]} {number}"))
    print(number, flush=True)
"""


def writer(home: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), name], text=True, stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip


def test_commands_at_once_record_everything(store: Store) -> None:
    writers = [writer(store.root, name) for name in "abc"]
    assert [w.wait(60) for w in writers] == [0, 0, 0]
    kept = {a.sha256 for a in attempts.attempts(store)}
    assert kept == {f"sha-{name} {n}" for name in "abc" for n in range(30)}


def test_a_crash_keeps_what_was_acknowledged(store: Store) -> None:
    process = writer(store.root, "a")
    assert process.stdout is not None
    heard = [process.stdout.readline() for _ in range(10)]
    process.kill()
    heard += process.stdout.read().splitlines()
    assert process.wait(10) == -signal.SIGKILL
    numbers = {int(a.sha256.split()[1]) for a in attempts.attempts(store)}
    assert numbers >= {int(line) for line in heard}
    assert attempt(store, 99, report()).attempt > len(heard), "and one can go on"


def _zero_the_header(file: Path) -> None:
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def _replace_all(file: Path) -> None:
    file.write_bytes(b"this is not a database\n" * 300)


def _spoil_the_middle(file: Path) -> None:
    data = bytearray(file.read_bytes())
    # Every page of the archives, which are most of it; whatever lies elsewhere can still be read.
    data[len(data) // 2 :] = b"\xa5" * (len(data) - len(data) // 2)
    file.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("spoil", "recovers"),
    [(_zero_the_header, False), (_replace_all, False), (_spoil_the_middle, True)],
)
def test_a_damaged_file_is_set_aside_and_what_is_readable_taken_over(
    store: Store, spoil: Callable[[Path], None], recovers: bool
) -> None:
    for number in range(300):
        attempt(store, number, report(text=f"{number} " * 50))
    store.write(lambda db: db.execute("select 1"))
    with store._connection() as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    store.close()
    spoil(store.file)
    spoiled = store.file.read_bytes()
    again = Store(store.root)
    for number in range(3):
        attempt(again, 1000 + number, report(text=f"after {number}"))
        list(standing(again, [SDPA]).katas)
    aside = store.root / "kata.db.damaged-1"
    assert aside.read_bytes() == spoiled, "kept as it was"
    assert len(again.notices) == 1
    assert "kata.db was damaged: kept as kata.db.damaged-1" in again.notices[0]
    kept = attempts.attempts(again)
    assert sum(a.sha256.startswith("sha-after") for a in kept) == 3
    assert (len(kept) > 3) == recovers, again.notices
    assert not (store.root / "kata.db.damaged-2").exists()
    again.close()
    spoil(again.file)
    attempt(Store(store.root), 2000, report())
    assert aside.read_bytes() == spoiled, "and never overwritten"
    assert (store.root / "kata.db.damaged-2").exists()


def test_a_transaction_is_recorded_whole_or_not_at_all(store: Store) -> None:
    def half(db: sqlite3.Connection) -> None:
        db.execute("insert into cards (kata, due, card) values ('sdpa', 0.0, '{}')")
        raise Unavailable("in the middle")

    attempt(store, 0, report(WRONG))
    with pytest.raises(Unavailable, match="in the middle"):
        store.write(half)
    assert standing(store, [SDPA]).katas[0].due is None
    assert attempt(store, 1, report(WRONG)).attempt == 2, "and one can go on"


def test_what_is_acknowledged_is_on_the_disk(store: Store) -> None:
    attempt(store, 0, report())
    full = 2
    assert store.read(lambda db: db.execute("pragma synchronous").fetchone()[0]) == full


def test_who_reads_keeps_nobody_from_writing(store: Store) -> None:
    attempt(store, 0, report(WRONG))

    def read(db: sqlite3.Connection) -> tuple[int, int, int]:
        count = "select count(*) from attempts"
        before = db.execute(count).fetchone()[0]
        added = attempt(Store(store.root), 1, report(WRONG)).attempt
        return before, added, db.execute(count).fetchone()[0]

    assert store.read(read) == (1, 2, 1), "and who reads sees one state throughout"


def test_two_commands_that_create_the_file_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt(store, 0, report())
    later = sqlite3.connect(store.file, isolation_level=None)
    real, seen = store_module._version, [0]  # what it saw before the other one was done
    monkeypatch.setattr(store_module, "_version", lambda db: seen.pop() if seen else real(db))
    store_module._migrate(later)
    assert [a.number for a in attempts.attempts(store)] == [1]


def test_who_comes_second_to_a_damaged_file_leaves_the_new_one_alone(store: Store) -> None:
    attempt(store, 0, report())
    assert salvage.set_aside(store.file) is None
    assert len(attempts.attempts(Store(store.root))) == 1


def test_rows_on_both_sides_of_what_cannot_be_read_are_taken_over(store: Store) -> None:
    for number in range(200):
        attempt(store, number, report(text=f"{number} " * 50))
    with store._connection() as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    store.close()
    data = bytearray(store.file.read_bytes())
    found = re.search(rb"accepted.{,40}sha-100 ", data, re.DOTALL)  # in the table of attempts
    assert found is not None
    start = found.start() - found.start() % 4096
    data[start : start + 4096] = b"\xa5" * 4096
    store.file.write_bytes(bytes(data))
    kept = {a.number for a in attempts.attempts(Store(store.root))}
    assert {1, 200} <= kept
    assert len(kept) < 200


def test_who_still_holds_a_file_that_was_set_aside_costs_the_new_one_nothing(
    store: Store,
) -> None:
    attempt(store, 0, report(text="before"))
    held = Store(store.root)
    attempt(held, 1, report(text="held"))
    for part in ("", "-wal", "-shm"):
        (store.root / f"kata.db{part}").rename(store.root / f"kata.db.damaged-1{part}")
    other = Store(store.root)
    attempt(other, 2, report(text="new"))
    attempt(held, 3, report(text="held, but in the new one"))
    held.close()
    store.close()
    del held, store
    kept = {a.sha256 for a in attempts.attempts(Store(other.root))}
    assert kept == {"sha-new", "sha-held, but in the new one"}
    attempt(other, 4, report(text="newer"))
    assert len(attempts.attempts(Store(other.root))) == 3


def test_the_command_says_that_a_file_was_damaged(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "kata.db").write_bytes(b"nonsense" * 100)
    done = kata(tmp_path, "status")
    assert done.returncode == 0, done.stderr
    assert "was damaged: kept as kata.db.damaged-1" in done.stderr
    assert kata(tmp_path, "status").stderr == ""


def test_a_full_disk_costs_the_new_attempt_and_no_old_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    attempt(store, 0, report(text="kept"))
    store.close()
    limit = store.file.stat().st_size
    (tmp_path / "sdpa.py").write_text(f"def broken(:\n# {os.urandom(100_000).hex()}\n")

    def no_more_space() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = kata(tmp_path, "grade", "sdpa", preexec_fn=no_more_space)
    assert done.returncode == 1, done.stderr
    assert "CANNOT BE GRADED" in done.stdout, "the verdict stands"
    assert "this attempt was not recorded" in done.stderr
    assert [a.sha256 for a in attempts.attempts(Store(store.root))] == ["sha-kept"]


def test_a_home_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    (tmp_path / "sdpa.py").write_text("def broken(:\n")
    done = kata(tmp_path, "grade", "sdpa")
    assert done.returncode == 1
    assert "KATA_HOME=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    started = kata(tmp_path, "start", "self-attention")
    assert started.returncode == 0
    assert "not remembered" in started.stderr


def test_an_attempt_that_is_remembered_needs_no_note(store: Store) -> None:
    kept, note = attempts.remember(store, SDPA, report(), FILE, source="watch")
    assert kept is not None
    assert (kept.attempt, note) == (1, "")
    assert [a.source for a in attempts.attempts(store)] == ["watch"]


def test_an_attempt_that_cannot_be_remembered_comes_with_the_reason(store: Store) -> None:
    store.root.write_text("a file")
    kept, note = attempts.remember(store, SDPA, report(), FILE, source="watch")
    assert kept is None
    assert note.startswith("this attempt was not recorded: ")
    assert "KATA_HOME=" in note


def test_what_became_of_a_damaged_file_is_noted_beside_the_attempt(store: Store) -> None:
    store.root.mkdir()
    store.file.write_bytes(b"nonsense" * 100)
    kept, note = attempts.remember(store, SDPA, report(), FILE, source="watch")
    assert kept is not None
    assert "was damaged: kept as kata.db.damaged-1" in note


def test_a_kata_is_begun_whether_or_not_that_can_be_remembered(store: Store) -> None:
    folder = store.root.parent
    started, why = attempts.begin(store, SDPA, folder)
    assert (started.file, why) == (folder / "sdpa.py", "")
    assert attempts.last_started(store, folder) == "sdpa"
    nowhere = Store(started.file)
    started, why = attempts.begin(nowhere, SDPA, folder, force=True)
    assert started.backup is not None
    assert "KATA_HOME=" in why


def test_one_goes_on_in_a_file_one_is_at_and_begins_any_other(store: Store) -> None:
    folder = store.root.parent
    first = following(store, folder)
    assert (first.kata.slug, first.file, first.going) == ("sdpa", folder / "sdpa.py", False)
    attempts.begin(store, SDPA, folder)
    assert following(store, folder).going
    assert following(store, folder, but="sdpa").kata.slug == "self-attention"
    first.file.unlink()
    assert not following(store, folder).going, "there is nothing to go on with"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (65.9, "1:05"), (-65, "1:05"), (3599, "59:59"), (7565, "2:06:05"),
     (86_399, "23:59:59"), (86_400, "1 d"), (3e5, "3 d")],
)  # fmt: skip
def test_a_span_is_shown_in_one_way(seconds: float, shown: str) -> None:
    assert minutes(seconds) == shown


def test_a_file_from_the_future_is_left_alone(store: Store) -> None:
    store.root.mkdir()
    with sqlite3.connect(store.file) as connection:
        connection.execute("pragma user_version = 999")
    before = store.file.read_bytes()
    with pytest.raises(Unavailable, match="newer kata"):
        attempt(store, 0, report())
    assert store.file.read_bytes() == before


def test_a_file_of_the_first_version_is_taken_over(store: Store) -> None:
    store.root.mkdir()
    with sqlite3.connect(store.file) as connection:
        connection.execute(
            "create table started (folder text primary key, kata text not null, "
            "at text not null default current_timestamp)"
        )
        connection.execute("insert into started (folder, kata) values ('/somewhere', 'sdpa')")
    assert attempts.last_started(store, Path("/somewhere")) == "sdpa"
    assert attempt(store, 0, report()).attempt == 1


def test_how_thousands_of_attempts_stand_takes_no_more_questions_than_of_ten(
    tmp_path: Path,
) -> None:
    """What it takes in seconds, the benchmark says."""
    asked = []
    for number in (10, 3_000):
        said: list[str] = []
        with Store(tmp_path / f"{number}") as store:
            fill(store, number)
            store.read(lambda db, said=said: db.set_trace_callback(said.append))
            assert len(standing(store, all_katas(), at(DAY)).attempts) == number
        asked.append(len(said))
    assert asked[0] == asked[1] > 3


def fill(store: Store, number: int) -> None:
    """A history of many attempts, one practice in ten of them passed."""
    for one in (report(WRONG, "a", "no-scale"), report(text="b")):
        attempt(store, 0, one)

    def work(db: sqlite3.Connection) -> None:
        columns = (
            "practice, at, kata, source, verdict, stars, score, ratio, since_start, hints, seed"
        )
        db.executemany(
            f"insert into attempts ({columns}, sha256) select {columns}, sha256 from attempts "
            "where id = ? + 1",
            [(n % 10 == 0,) for n in range(number - 2)],
        )
        db.execute(
            "insert into mistakes select attempts.id, kata, 'no-scale', 'no scale', 'proved' "
            "from attempts "
            "where verdict = 'wrong_answer' and id > 2"
        )

    store.write(work)


def test_an_attempt_knows_whether_it_was_accepted(store: Store) -> None:
    attempt(store, 0, report(WRONG))
    attempt(store, 1, report())
    kept: tuple[Attempt, ...] = attempts.attempts(store)
    assert [a.accepted for a in kept] == [False, True]


# --- what no version of ours has written ------------------------------------------------------

FOREIGN_ATTEMPTS = (
    "verdict = 'splendid'", "at = 9e999", "at = 'yesterday'", "at = -9e15", "since_start = 'x'",
    "since_start = -9e999", "stars = 1000000000", "stars = -1", "score = 'x'", "score = 101",
    "hints = 'x'", "seed = 0.5", "ratio = 'x'", "kata = x'ff'", "sha256 = x'ff'", "source = x'ff'",
)  # fmt: skip


def shown(store: Store) -> str:
    """Everything that is said about a history, as text and as a page."""
    console = Console(file=io.StringIO(), width=120)
    stands = standing(store, all_katas(), at(DAY))
    console.print(standing_text(stands, 120))
    console.print(attempts_text(SDPA, attempts.attempts(store, "sdpa"), at(DAY).at, 120))
    history_page(stands, [])
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("foreign", FOREIGN_ATTEMPTS)
def test_a_foreign_attempt_is_left_out_and_hides_no_other(store: Store, foreign: str) -> None:
    attempt(store, 1, report(WRONG, "a", "no-scale"))
    attempt(store, 2, report(WRONG, "b", "mask-inverted"))
    store.write(lambda db: db.execute(f"update attempts set {foreign} where id = 1"))
    assert [a.number for a in attempts.attempts(store)] == [2]
    told = shown(store)
    assert "mask-inverted" in told
    assert "no-scale" not in told, "nor what only it says"


@pytest.mark.parametrize(
    "foreign",
    ["update cards set due = 9e999", "update cards set due = 'soon'",
     "update mistakes set title = x'ff' where pitfall = 'no-scale'",
     "update mistakes set pitfall = x'ff' where pitfall = 'no-scale'",
     "update attempts set kata = 'gone' where id = 1",
     "update practices set kata = 'gone'", "update cards set kata = 'gone'"],
)  # fmt: skip
def test_foreign_values_elsewhere_hide_nothing_either(store: Store, foreign: str) -> None:
    attempt(store, 1, report(WRONG, "a", "no-scale"))
    attempt(store, 2, report(WRONG, "b", "mask-inverted"))
    attempt(store, 3, report(text="c"))
    store.write(lambda db: db.execute(foreign))
    assert "mask-inverted" in shown(store)


@pytest.mark.parametrize("card", ["{}", "nonsense", "[]", '{"due": 1}'])
def test_a_card_that_cannot_be_read_is_begun_anew(store: Store, card: str) -> None:
    first = attempt(store, 0, report()).due
    store.write(lambda db: db.execute("update cards set card = ?", (card,)))
    attempts.remember_start(store, SDPA, FILE, at(DAY))
    again = attempt(store, DAY, report(text="again"))
    assert first is not None
    assert again.due is not None
    assert again.due > first


def test_foreign_values_cost_what_is_recorded_and_not_the_command(store: Store) -> None:
    attempt(store, 0, report())
    store.write(lambda db: db.execute("update practices set passed = 'x', ticks = 'y'"))
    with pytest.raises(Unavailable, match="KATA_HOME"):
        attempt(store, 1, report(text="another"))
    for body in ("text", 5, b"\0"):
        store.write(lambda db, b=body: db.execute("update archives set body = ?", (b,)))  # type: ignore[misc]
        assert attempts.report_of(store, 1) is None


def test_a_file_whose_place_cannot_be_told_has_no_practice(store: Store, tmp_path: Path) -> None:
    circle = tmp_path / "circle.py"
    circle.symlink_to(circle)
    assert attempts.current_practice(store, "sdpa", circle) is None
    assert help.next_hint(store, SDPA, circle).key == "1"


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line.replace("KATA", f"{sys.executable} -m grader")], cwd=folder, text=True,
        env={**os.environ, "KATA_HOME": str(folder / "home")}, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip


def test_closed_streams_are_no_fault_and_no_file_takes_their_place(tmp_path: Path) -> None:
    done = shell(tmp_path, "KATA start sdpa <&- >&-; echo $? >&2; KATA grade <&- >&-")
    assert (done.returncode, done.stderr) == (1, "0\n"), "the stub is not accepted, that is all"
    assert attempts.last_started(Store(tmp_path / "home"), tmp_path) == "sdpa"


def test_a_folder_that_was_removed_is_said_in_one_line(tmp_path: Path) -> None:
    done = shell(tmp_path, "mkdir gone; cd gone; rmdir ../gone; KATA status")
    assert done.returncode == 2
    assert done.stderr == "Error: this folder was removed: `cd` to one that is there\n"
