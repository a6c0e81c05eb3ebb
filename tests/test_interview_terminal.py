"""The mock interview on real pseudo-terminals: the clock, the keys, two people at one round."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.interview.record import log
from grader.interview.round.event import Event
from grader.kata.kata import find
from grader.practice.store import Store
from tests.rehearsal import CODE_TOML, PROVE_TOML, QUESTIONS_TOML, TALK_TOML, TWIST_TOML, toml
from tests.terminals import Terminal

pexpect = pytest.importorskip("pexpect")
ptyprocess = pytest.importorskip("ptyprocess")

SOLUTION = find("sdpa").solution.read_text(encoding="utf-8")
ENTER, ALT_ENTER, TAB, CTRL_C = "\r", "\x1b\r", "\t", "\x03"
Open = Callable[..., Any]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    """Opens pseudo-terminals with `kata interview` in them."""
    opened = []

    def spawn(*arguments: str, columns: int = 80, **environment: str) -> Any:
        child = pexpect.spawn(
            sys.executable, ["-m", "grader", "interview", *arguments], cwd=str(tmp_path),
            dimensions=(30, columns), encoding="utf-8", timeout=15,
            env={
                **os.environ, "KATA_HOME": str(tmp_path / "home"), "TERM": "xterm-256color",
                "PROMPT_TOOLKIT_NO_CPR": "1", "OMP_NUM_THREADS": "1", **environment,
            },
        )  # fmt: skip
        child.delaybeforesend = 0.02
        opened.append(child)
        return child

    yield spawn
    for child in opened:
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGKILL)
        with contextlib.suppress(pexpect.ExceptionPexpect, ptyprocess.PtyProcessError):
            child.close(force=True)


def send(child: Any, text: str, then: str) -> None:
    """Type a line, and wait for what has to follow."""
    child.send(text + ENTER)
    child.expect(then)


def hang_up(child: Any) -> None:
    """Close our end of the terminal, and nothing else: no signal is sent but the kernel's own."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, child.child_fd)
    os.close(nothing)


def end(child: Any) -> int:
    """Everything it still says, and its exit status."""
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus)


def recorded(folder: Path, number: int = 1) -> list[Event]:
    with Store(folder / "home") as store:
        return log.events(store, number)


def kinds(folder: Path) -> list[str]:
    return [event.kind for event in recorded(folder)]


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends by itself."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            return True
        time.sleep(0.05)
    return False


def words(screen: str) -> str:
    """A screen's output without what moves the cursor or colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r", "")


def test_a_whole_round_alone_on_a_terminal(terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, CODE_TOML, PROVE_TOML, TWIST_TOML, QUESTIONS_TOML)
    editor = tmp_path / "editor.sh"
    (tmp_path / "wrong.py").write_text(SOLUTION.replace("math.sqrt(d_k)", "1.0"))
    editor.write_text(f'#!/bin/sh\necho editing > /dev/tty\ncp {tmp_path}/wrong.py "$1"\n')
    editor.chmod(0o755)
    child = terminal("--file", "r.toml", EDITOR=str(editor), VISUAL="")
    child.expect("What is the formula")
    child.expect("[01]:[05][0-9] left · [56]:[05][0-9] left of the round")
    child.send("two" + ALT_ENTER + "lines")
    send(child, "", "A model answer")
    child.expect("How close")
    send(child, "3", "Enter goes on")
    send(child, "", "Your file: sdpa.py")
    send(child, "/edit", "editing")
    child.expect("WRONG ANSWER")
    child.expect("the scores are not divided")
    (tmp_path / "sdpa.py").write_text(SOLUTION)
    child.expect("saved: grading")
    child.expect("ACCEPTED")
    child.send("/ne" + TAB)
    send(child, "", "How?")
    send(child, "I compare them", "equivalence checks hold")
    child.expect("How close")
    send(child, "4", "Enter goes on")
    send(child, "", "Predict: a number")
    send(child, "1", "As predicted")
    child.expect("Enter goes on")
    send(child, "", "Question 1 of 1")
    send(child, "because", "How close")
    send(child, "2", "Enter goes on")
    send(child, "", "Note what you want to keep")
    send(child, "", "Rate your communication")
    send(child, "4", "Rate your problem solving")
    send(child, "3", "STRONG HIRE")
    child.expect("Practise next")
    assert end(child) == 0
    assert recorded(tmp_path)[2].data["text"] == "two\nlines"
    assert kinds(tmp_path)[-1] == "ended"
    assert (tmp_path / "sdpa.py").read_text() == SOLUTION


def test_two_terminals_at_one_round(terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, CODE_TOML, TWIST_TOML, QUESTIONS_TOML)
    (tmp_path / "sdpa.py").write_text(SOLUTION)
    host = terminal("--host", columns=100)
    host.expect("Waiting for a round")
    child = terminal("--file", "r.toml")
    child.logfile_read = seen = io.StringIO()
    told = "An interviewer has joined"  # who waits may be there before the first prompt is
    child.expect([f"What is the formula.*{told}", f"{told}.*What is the formula"])
    host.expect("You follow round 1")
    host.expect("A model answer")
    host.expect("QKV")
    child.expect("●")
    send(child, "my answer", "Kept")
    host.expect("my answer")
    send(host, "a good beginning", "noted")
    send(host, "/score 3", "had most of it")
    send(host, "/next", "The candidate writes sdpa")
    child.expect("used as it is")
    send(child, "/grade", "ACCEPTED")
    host.expect("Verdict on sdpa")
    host.expect("ACCEPTED")
    send(host, "/more", "more time")
    child.expect("gives you more time")
    send(child, "/next", "Predict: a number")
    host.expect("#2: The mask hides every key")
    send(child, "2", "The prediction was: NaN")
    host.expect("Predicts: NaN")
    host.expect("What happened: nothing: zeros")
    send(host, "/next", r"#3 \(")
    child.expect("Question 1 of 1")
    child.send("half an ans")
    time.sleep(0.6)
    send(host, "/next", "half an ans")
    child.expect("Enter goes on")
    send(child, "", "Note what you want")
    send(child, "", "The interviewer rates")
    host.expect("The candidate has finished")
    send(host, "/end", "Not rated yet")
    send(host, "/rate comm 4", "communication: 4")
    send(host, "/rate problem solving 3", "problem solving: 3")
    send(host, "/end", "LEANING HIRE")
    child.expect("interviewer has ended the round")
    assert (end(host), end(child)) == (0, 0)
    shown = words(seen.getvalue())
    assert "my answer" in shown
    assert "QKV" not in shown
    assert "LEANING" not in shown
    events = recorded(tmp_path)
    assert [e.kind for e in events if e.actor == "host"] == [
        "joined", "note", "score", "next", "overrun", "next", "next", "rating", "rating", "ended",
    ]  # fmt: skip


def test_an_interviewer_whose_terminal_dies_leaves_the_round_to_the_candidate(
    terminal: Open, tmp_path: Path
) -> None:
    toml(tmp_path / "r.toml", TALK_TOML)
    child = terminal("--file", "r.toml")
    child.expect("What is the formula")
    host = terminal("--host", "--plain")
    host.expect("You follow round 1")
    child.expect("An interviewer has joined")
    second = terminal("--host", "--plain")
    second.expect("has an interviewer already")
    assert end(second) == 2
    host.kill(9)
    child.expect("The interviewer has left")
    send(child, "my answer", "QKV")


def test_time_ends_while_somebody_types(terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, QUESTIONS_TOML, minutes=0.02)
    child = terminal("--file", "r.toml")
    child.expect("What is the formula")
    child.send("half a \x1asent")  # Ctrl-Z is no letter
    child.expect("left for “Shapes”")
    child.expect("What you had typed is kept")
    child.expect("Question 1 of 1")
    child.expect("overrun")
    answers = [e.data for e in recorded(tmp_path) if e.kind == "answer"]
    assert (answers[0]["text"], answers[0]["cut"]) == ("half a sent", True)
    child.send(CTRL_C)
    child.expect("--resume 1")
    assert end(child) == 130


@pytest.mark.parametrize(
    ("way", "cpr"),
    # A terminal that is asked where its cursor is, and closes before it answers, is a case apart.
    [("Ctrl-C", "1"), ("the terminal closes", "1"), ("the terminal closes", "0"), ("killed", "1")],
)
def test_an_interrupted_round_goes_on(way: str, cpr: str, terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, QUESTIONS_TOML)
    child = terminal("--file", "r.toml", PROMPT_TOOLKIT_NO_CPR=cpr)
    child.expect("What is the formula")
    send(child, "my answer", "How close")
    send(child, "3", "Enter goes on")
    child.send("half a thought")
    time.sleep(0.4)
    if way == "Ctrl-C":
        child.send(CTRL_C)
        child.expect("Paused")
        assert end(child) == 130
    elif way == "killed":
        child.kill(9)
        child.wait()
    else:
        hang_up(child)
        assert gone(child.pid)
    assert "score" in kinds(tmp_path)
    again = terminal("--resume")
    again.expect("going on")
    again.expect("Enter goes on")
    if way != "killed":
        assert kinds(tmp_path)[-3:] == ["draft", "paused", "resumed"]
        again.expect("half a thought")
        send(again, "", "noted")
    send(again, "/next", "Question 1 of 1")


def test_an_editor_with_a_window_of_its_own_does_not_outlive_the_terminal(
    terminal: Open, tmp_path: Path
) -> None:
    toml(tmp_path / "r.toml", CODE_TOML)
    script, note = tmp_path / "editor", tmp_path / "pid"
    script.write_text(f"#!/bin/sh\necho $$ > {note}.new; mv {note}.new {note}; exec sleep 20\n")
    script.chmod(0o755)
    child = terminal("--file", "r.toml", VISUAL=f"setsid {script}")
    child.expect("Saving it grades it")
    child.send("/edit" + ENTER)
    deadline = time.monotonic() + 5
    while not note.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    hang_up(child)
    assert gone(child.pid)
    assert not Path(f"/proc/{int(note.read_text())}").exists(), "nor is it waited for"
    assert kinds(tmp_path)[-1] == "paused"


def test_a_terminal_that_vanished_before_the_round_ended_is_left(monkeypatch) -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    from grader.interview.screens import terminal as module

    class Ended:
        status = 130

        def open(self, screen: Any) -> None:
            pass

    async def stuck(**_: Any) -> None:
        await asyncio.sleep(60)

    async def play() -> int:
        there = module.Terminal(Ended())  # type: ignore[arg-type]
        monkeypatch.setattr(there.app, "run_async", stuck)
        return await asyncio.wait_for(there.run(), 5)

    monkeypatch.setattr(module, "GONE_SECONDS", 0.1)
    with create_pipe_input() as nothing, create_app_session(nothing, DummyOutput()):
        assert asyncio.run(play()) == 130


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux: apt-get install tmux")
def test_forty_columns(tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, TWIST_TOML)
    command = f"{sys.executable} -m grader interview --file r.toml"
    seen = Terminal(tmp_path, command, columns=40, rows=24)
    try:
        seen.until("What is the formula", "1/3 · talk · ")
        seen.key("/help", "Enter")
        seen.until("/quit")
        seen.key("/next", "Enter")
        seen.until("Enter goes on")
        seen.key("Enter")
        seen.until("3  the plain mean of the values", "Predict: a number")
        assert re.search(r"\d:\d\d · \d:\d\d", seen.screen.splitlines()[-1])
        wrapped = [line for line in seen.lines if len(line) > 40]
        assert wrapped == [], "we wrap between words, so that the terminal need not"
    finally:
        seen.close()


@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {}])
def test_a_simple_terminal_gets_plain_lines(plain, terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML)
    child = terminal("--file", "r.toml", *([] if plain else ["--plain"]), **plain)
    child.expect(r"\[talk [01]:[05][0-9] left · [12]:[05][0-9]\] > ")
    child.send("an answer\r")
    child.expect("QKV")
    child.send("/quit\r")
    child.expect("--resume 1")
    assert "\x1b" not in child.before
    assert end(child) == 130


def test_without_an_editor_it_says_what_else_will_do(terminal: Open, tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", CODE_TOML)
    child = terminal("--file", "r.toml", EDITOR="nothere", VISUAL="")
    child.expect("Your file: sdpa.py")
    send(child, "/edit", r"\$EDITOR names `nothere`")
    child.expect("elsewhere")
    child.send(CTRL_C)
    assert end(child) == 130
