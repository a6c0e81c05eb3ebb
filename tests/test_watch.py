"""`kata watch` in a real terminal: a verdict on every save, and a screen that stays awake."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.judge.background import BackgroundJudge, Order
from grader.judge.remote import RemoteJudge
from grader.judge.source import Cancelled
from grader.kata.kata import all_katas, find
from grader.kata.refused import Refused
from grader.practice import attempts, sitting
from grader.practice.store import Store
from grader.report.verdict import (
    FAMILIES,
    Check,
    Heatmap,
    Report,
    Submission,
    Tier,
    Verdict,
)
from grader.watch.board import Board
from grader.watch.events import Graded, Key, Mailbox, Missed, Resized, Saved
from grader.watch.eye import Eye
from grader.watch.keys import NAMES, SEQUENCE, keyboard
from grader.watch.loop import Watch, _finished, suspend_with
from grader.watch.screen import FullScreen, lines_of
from tests.terminals import Terminal
from tests.test_command_line import NEVER, NO_SCALE, SOLUTION, STUB, _processes_in

HANGS = "def scaled_dot_product_attention(q, k, v, mask=None):\n    while True: pass\n"
TOLD = "is a `return` missing?"
"""What is said of `NEVER`."""
INVERTED = SOLUTION.replace("hidden = mask == 0", "hidden = mask != 0")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux: apt-get install tmux")
    opened = []

    def begin(arguments: str = "watch sdpa", **size: int) -> Terminal:
        opened.append(Terminal(tmp_path, f"{sys.executable} -m grader {arguments}", **size))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def kept(folder: Path) -> list[Verdict]:
    return [a.verdict for a in attempts.attempts(Store(folder / "home"))]


def replace_file(path: Path, text: str) -> None:
    """Save as most editors do: a new file takes the old one's place."""
    new = path.with_name("4913~")
    new.write_text(text)
    new.replace(path)


def test_a_practice_from_the_stub_to_the_next_kata(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    """The whole way: stub, mistake, hint, explanation, pass, solution, next kata, quit."""
    file = tmp_path / "sdpa.py"
    seen = terminal()
    welcome = seen.until("waiting for your first save", "of 8 min", "0 attempts")
    for word in ("run", "hint", "explain", "solution", "next kata", "quit"):
        assert word in welcome
    assert file.read_text() == STUB
    replace_file(file, NO_SCALE)
    seen.until("error[no-scale]", "1 attempt", "WRONG ANSWER")
    seen.key("h")
    seen.until("about error[no-scale]")
    seen.key("e")
    seen.until("how it looks, against one way to write it right")
    seen.key("s")
    seen.until("not passed yet", "y/n")
    seen.key("n")
    assert "Vaswani" not in seen.until("y/n", gone=True)
    seen.key("Enter")
    seen.until("WRONG ANSWER")
    file.write_text(SOLUTION)  # in place, this time
    seen.until("ACCEPTED", "rated good: due again", "2 attempts")
    seen.key("s")
    seen.until("Vaswani")
    seen.key("n")
    seen.until("self-attention", "waiting for your first save")
    assert (tmp_path / "self-attention.py").is_file()
    seen.key("q")
    deadline = time.monotonic() + 10
    while not seen.ended and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen.ended
    assert kept(tmp_path) == [Verdict.WRONG_ANSWER, Verdict.ACCEPTED]
    assert {a.source for a in attempts.attempts(Store(tmp_path / "home"))} == {"watch"}
    assert _leftovers(tmp_path) == []


def _leftovers(folder: Path) -> list[str]:
    """Processes and folders of a watch that ended; they may take a moment to go."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = [str(p) for p in (folder / "tmp").glob("kata-*")]
        found += [p for p in _processes_in(folder / "tmp") if p]
        if not found:
            break
        time.sleep(0.1)
    return found


def _write_in_steps(file: Path, text: str) -> None:
    """Save as an editor does that truncates first, and writes in two steps."""
    whole = text.encode()
    with file.open("wb", buffering=0) as half:
        time.sleep(0.1)
        half.write(whole[: len(whole) // 2] + b"(")
        time.sleep(0.1)
        half.seek(0)
        half.write(whole)
        half.truncate()


def test_what_happens_to_files_in_the_middle_of_it(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    """Half a file, none at all, a hung one, three saves at once: it goes on each time."""
    file = tmp_path / "sdpa.py"
    file.write_text(NEVER)
    seen = terminal()
    seen.until(TOLD)
    file.unlink()
    seen.until("there is no file sdpa.py", "waiting for the file")
    replace_file(file, f"{NEVER}\n")
    seen.until(TOLD)
    file.write_text("def broken(:\n")
    seen.until("CANNOT BE GRADED", "sdpa.py, line 1")
    file.write_text(HANGS)
    seen.until("grading")
    seen.key("h")  # while it hangs, keys are answered
    seen.until("hint 1")
    _write_in_steps(file, SOLUTION)
    seen.until("accepted ★★★")
    for number in range(3):
        file.write_text(f"{NEVER}\n# {number}\n")
    seen.until(TOLD)
    time.sleep(1.0)
    shown = seen.until("WRONG ANSWER")
    graded = kept(tmp_path)
    assert graded.count(Verdict.INVALID_SUBMISSION) == 1, "what is half written is not graded"
    assert graded[:3] == [Verdict.WRONG_ANSWER, Verdict.WRONG_ANSWER, Verdict.INVALID_SUBMISSION]
    assert Verdict.ACCEPTED in graded
    assert Verdict.INTERNAL_ERROR not in graded, "a grade that was called off is none"
    assert graded[-1] is Verdict.WRONG_ANSWER
    last = attempts.last_attempt(Store(tmp_path / "home"))
    assert last is not None
    assert (attempts.text_of(Store(tmp_path / "home"), last.sha256) or "").endswith("# 2\n")
    assert "sdpa" in shown.splitlines()[0], "nothing scrolled the screen away"
    seen.key("C-c")
    deadline = time.monotonic() + 10
    while not seen.ended and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen.ended
    assert _leftovers(tmp_path) == []


def test_a_terminal_that_closes_ends_it(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "sdpa.py").write_text(HANGS)
    seen = terminal()
    seen.until("grading")
    assert _processes_in(tmp_path) != []
    seen.close()
    deadline = time.monotonic() + 10
    while _processes_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _processes_in(tmp_path) == []
    assert _leftovers(tmp_path) == []


def test_without_a_terminal_reports_are_printed_and_letters_are_read(tmp_path: Path) -> None:
    (tmp_path / "sdpa.py").write_text(NEVER)
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "watch", "sdpa"], cwd=tmp_path, text=True,
        env={**os.environ, "KATA_HOME": str(tmp_path / "home")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    heard = []

    def until(word: str) -> None:
        for line in process.stdout or ():
            heard.append(line)
            if word in line:
                return
        pytest.fail(f"{word} never came: {heard}")

    until("WRONG ANSWER")
    process.stdin.write("h\n")
    process.stdin.flush()
    until("hint 1")
    (tmp_path / "sdpa.py").write_text(SOLUTION)
    until("ACCEPTED")
    process.stdin.write("q\n")
    process.stdin.close()
    assert process.wait(15) == 0
    assert "\x1b" not in "".join(heard)


def test_nothing_started_here_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", "watch"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "KATA_HOME": str(tmp_path / "home")}, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode == 2
    assert "kata start sdpa" in done.stderr


# --- its parts --------------------------------------------------------------------------------


def test_a_save_that_nobody_reports_is_seen_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look and the moment the folder is watched, saves go unreported."""

    def silent(*_: object, stop_event: threading.Event, **options: object) -> Iterator[set[str]]:
        assert options["yield_on_timeout"]
        while not stop_event.wait(0.02):
            yield set()

    monkeypatch.setattr("watchfiles.watch", silent)
    file, seen = tmp_path / "sdpa.py", threading.Event()
    file.write_text("before")
    eye = Eye(file, seen.set)
    assert not seen.wait(0.2), "nothing happened yet"
    file.write_text("after!")
    assert seen.wait(5)
    eye.close()


def test_keys_are_told_apart_however_they_arrive() -> None:
    typed = "h\x1b[A\x1bOBq\x1b[5~é"
    keys = [NAMES.get(k, k) for k in SEQUENCE.findall(typed)]
    assert keys == ["h", "up", "down", "q", "page up", "é"]


@pytest.mark.parametrize("text", ["", " \n", "def f(:", "def f():\n    return (1,\n"])
def test_what_is_half_written_is_recognised(text: str) -> None:
    assert not _finished(text.encode())
    assert _finished(SOLUTION.encode())


def test_lines_are_as_wide_as_asked_for() -> None:
    from rich.text import Text

    with contextlib.suppress(KeyError):
        del os.environ["NO_COLOR"]
    assert [len(line) for line in lines_of(Text("a" * 25), 10)] == [10, 10, 5]


def test_the_kata_that_is_watched_need_not_be_the_first() -> None:
    assert find("sdpa").rung == 1


# --- its loop, without a terminal or a judge --------------------------------------------------


class Told:
    """A judge, an eye or a surface that does nothing, and remembers what it was told."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.height = 0

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: self.all.append(name)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    file = tmp_path / "sdpa.py"
    file.write_text(NO_SCALE)
    store = Store(tmp_path / "home")
    watching = Watch(find("sdpa"), file, Told(), store)  # type: ignore[arg-type]
    watching.judge, watching.eye = Told(), Told()  # type: ignore[assignment]
    watching.board = Board(watching.kata, file, store)
    yield watching
    watching.eye.close()
    watching.mailbox.close()


def told(watching: Watch) -> list[str]:
    return cast(Told, watching.judge).all


def test_the_same_text_is_graded_again_only_when_asked_to(watch: Watch) -> None:
    for event, expected in ((Saved(), 1), (Saved(), 1), (Key("r"), 2)):
        watch._on(event)
        watch._on_time()
        watch._ended()
        assert told(watch) == ["put"] * expected


def test_what_comes_of_a_grade_that_was_called_off_is_not_shown(watch: Watch) -> None:
    report = Report("sdpa", 7, "cpu", 0.5, Submission("sdpa.py", "aa"))
    watch.running = 2
    for late in (Graded(1, report), Missed(1, "too late")):
        watch._on(late)
        assert (watch.running, watch.board.report, watch.board.note) == (2, None, "")
    watch._on(Graded(2, report))
    assert (watch.running, watch.board.report) == (0, report)


def test_a_save_calls_the_running_grade_off_a_second_later(watch: Watch) -> None:
    watch._look()
    watch.file.write_text(SOLUTION)
    watch._look()
    assert told(watch) == ["put"], "it may be done soon"
    assert watch.overtaken is not None
    assert watch.overtaken <= time.monotonic() + 1.0
    watch.overtaken = time.monotonic()
    watch._on_time()
    assert told(watch) == ["put", "cancel"]


def test_going_on_to_the_next_kata_calls_the_running_grade_off(watch: Watch) -> None:
    watch._look()
    watch._on(Key("n"))
    assert told(watch) == ["put", "cancel"]
    assert watch.running == 0
    assert watch.kata.slug != "sdpa"


def test_polling_sees_a_save_too(watch: Watch) -> None:
    watch.poll = True
    eye = watch._look_at_file()
    assert eye.poll
    replace_file(watch.file, INVERTED)
    watch.mailbox.wait(time.monotonic() + 10)
    eye.close()
    assert watch.mailbox.take() == Saved()


LONG = Report(
    "sdpa", 7, "cpu", 0.5, Submission("sdpa.py", "aa", notes=("a note",)),
    tuple(Check("test_a", "A claim.", f, Tier.REQUIRED, Verdict.WRONG_ANSWER, f) for f in FAMILIES),
    evidence=("what was seen",), output="a print\n",
    heatmap=Heatmap(((0.5, 0.5),) * 9, ((0.1, 0.9),) * 9, "without a mask"),
)  # fmt: skip


def screen(watch: Watch, columns: int, rows: int, *keys: str) -> list[str]:
    """What a terminal of that size shows of a report, after some keys."""
    drawn, surface = io.StringIO(), FullScreen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "fileno", lambda: 1, raising=False)
        patch.setattr(sys, "stdout", drawn)
        patch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, rows)))
        patch.setenv("NO_COLOR", "1")
        watch.surface = surface
        watch.board.graded(LONG, None, "")
        for key in (None, *keys):
            if key is not None:
                watch._on(Key(key))
            drawn.seek(0)
            drawn.truncate()
            surface.show(watch.board.view("", busy=False))
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.getvalue()).split("\r\n")


def test_a_small_terminal_shows_what_matters_and_scrolls(watch: Watch) -> None:
    rows = screen(watch, 40, 14)
    assert len(rows) <= 14
    assert rows[0].startswith("sdpa")
    assert rows[-1].rstrip().endswith("r  h  e  s  n  q")
    assert any("more lines: ↓" in row for row in rows)
    assert not any("WRONG ANSWER" in row for row in rows)
    assert any("WRONG ANSWER" in row for row in screen(watch, 40, 14, *["down"] * 60))


def test_only_what_has_no_room_is_left_out(watch: Watch) -> None:
    """The picture goes first, then notes, prints and evidence, each only as long as it must."""
    parts = ("your weights", "a note", "a print", "what was seen")
    shown = []
    for height in range(50, 10, -1):
        text = "\n".join(screen(watch, 80, height))
        shown.append([part for part in parts if part in text])
    assert shown[0] == list(parts)
    assert [len(one) for one in shown] == sorted((len(one) for one in shown), reverse=True)
    assert {len(one) for one in shown} == {4, 3, 2, 1, 0}


def test_the_last_check_of_a_failing_grade_is_not_the_end_of_it(watch: Watch) -> None:
    claim = Check("test_a", "A.", "shape", Tier.REQUIRED, Verdict.ACCEPTED)
    total = len(watch.kata.announced)
    watch.board.begin()
    for _ in range(total - 1):
        watch.board.check(claim)
    assert f"grading {total - 1}/{total}" in watch.board.view("", busy=True).status
    watch.board.check(replace(claim, verdict=Verdict.WRONG_ANSWER))
    assert watch.board.view("", busy=True).status == "looking for the cause  1 failed"


def test_the_last_rung_is_not_begun_anew_over_what_was_passed(watch: Watch) -> None:
    right = Report(
        "", 7, "cpu", 0.5, Submission("x.py", "aa"),
        (Check("test_a", "A.", "shape", Tier.REQUIRED, Verdict.ACCEPTED),),
    )  # fmt: skip
    for kata in all_katas():
        file = watch.file.with_name(f"{kata.slug}.py")
        file.write_text("passed")
        attempts.record(watch.store, kata, replace(right, kata=kata.slug), file)
    watch._on(Key("n"))
    assert watch.kata.slug == "sdpa"
    assert "everything is passed, and the next one is due" in watch.board.note
    assert {f.read_text() for f in watch.file.parent.glob("*.py")} == {"passed"}
    assert list(watch.file.parent.glob("*.bak")) == []


@pytest.mark.parametrize("answer", ["n", "y"])
def test_reading_the_solution_before_the_pass_is_noted(watch: Watch, answer: str) -> None:
    attempts.remember_start(watch.store, watch.kata, watch.file)
    watch._on(Key("s"))
    assert "y/n" in watch.question
    watch._on(Key(answer))
    going = attempts.current_practice(watch.store, "sdpa")
    assert going is not None
    made = watch.store.read(lambda db: sitting.effort(db, going, going.began))
    assert made.saw_solution == (answer == "y")


def test_a_file_that_is_gone_for_a_moment_is_not_missed(watch: Watch) -> None:
    watch.file.unlink()
    watch._look()
    assert watch.board.note == ""
    assert watch.due is not None, "but looked for again"
    watch._look()
    assert watch.board.note == "waiting for the file"


def test_nobody_is_listened_to_who_has_left(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed keyboard is always readable: waiting for it again would never sleep."""
    asked: list[tuple[int, ...]] = []

    def wait(_: float | None, *others: int) -> list[int]:
        asked.append(others)
        watch.done = len(asked) == 3
        return list(others)

    monkeypatch.setattr(watch.mailbox, "wait", wait)
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        watch._listen()
        assert asked == [(nobody.fileno(),), (), ()]


def test_the_terminal_is_given_back_while_the_program_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surface, mailbox = Told(), Mailbox()
    signals = (signal.SIGTSTP, signal.SIGWINCH, signal.SIGHUP)
    before = [signal.getsignal(number) for number in signals]
    monkeypatch.setattr(os, "kill", lambda _, number: surface.all.append(number.name))
    try:
        suspend_with(surface, mailbox)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGTSTP)
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
    assert surface.all == ["leave", "SIGSTOP", "enter"]
    assert mailbox.take() == Resized(), "and drawn again"
    mailbox.close()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TypeError("of our own"), "TypeError: of our own (ours, not yours)"),
        (Refused("there is no file: write one"), "there is no file: write one"),
        (Cancelled(), ""),
    ],
)
def test_a_grade_without_a_report_comes_to_an_end_too(
    watch: Watch, error: Exception, says: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise error

    judge = Told()
    judge.grade_file = breaks  # type: ignore[method-assign]
    background = BackgroundJudge(lambda: judge, watch._told)  # type: ignore[arg-type, return-value]
    background.put(Order("sdpa", watch.file, key=(4,)))
    watch.mailbox.wait(time.monotonic() + 10)
    background.close()
    assert watch.mailbox.take() == Missed(4, says)


def test_an_attempt_is_remembered_where_it_was_graded(watch: Watch) -> None:
    report = Report("sdpa", 7, "cpu", 0.5, Submission("sdpa.py", "aa"))
    watch._told(Order("sdpa", watch.file, key=(4,)), report)
    event = watch.mailbox.take()
    assert isinstance(event, Graded)
    assert (event.grade, event.report, event.note) == (4, report, "")
    assert event.recorded is not None
    assert [a.source for a in attempts.attempts(watch.store)] == ["watch"]


BREAKS = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"kind": "broken", "body": "the server is gone"}), flush=True)
"""


def test_a_judge_that_broke_grades_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission that kills the server of its workers must not spoil what is graded next."""
    monkeypatch.setattr("grader.judge.remote.BEGIN", BREAKS)
    with RemoteJudge() as judge:
        first = judge.pid
        told = judge.grade_text(find("sdpa"), tmp_path / "sdpa.py", SOLUTION)
        assert told.verdict is Verdict.INTERNAL_ERROR
        assert told.failure is not None
        assert "the server is gone" in told.failure.message
        assert judge.pid not in (None, first), "and another one warms up"


def test_half_an_answer_is_none() -> None:
    process = SimpleNamespace(stdout=io.BytesIO(b'{"kind": "rep'))
    with pytest.raises(EOFError):
        RemoteJudge._answer(cast(RemoteJudge, None), cast(Any, process), None)


def test_a_link_in_a_circle_is_looked_at_until_it_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "sdpa.py"
    file.symlink_to(file)
    seen = threading.Event()
    eye = Eye(file, seen.set)
    time.sleep(0.1)
    file.unlink()
    file.write_text(SOLUTION)
    assert seen.wait(5)
    eye.close()


def test_a_terminal_is_afterwards_as_it_was() -> None:
    other, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    with keyboard(terminal):
        assert not termios.tcgetattr(terminal)[3] & (termios.ICANON | termios.ECHO)
    assert termios.tcgetattr(terminal) == before
    os.close(other)
    os.close(terminal)
