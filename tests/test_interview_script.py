"""The mock interview as a process: scripted, killed, two at once, wrongly called."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.interview.flow.progress import fold
from grader.interview.record import log
from grader.interview.round import rounds
from grader.interview.round.event import Event
from grader.kata.kata import find
from grader.practice.store import Store
from tests.rehearsal import CODE_TOML, PROVE_TOML, QUESTIONS_TOML, TALK_TOML, TWIST_TOML, toml

SOLUTION = find("sdpa").solution


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "KATA_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1", **more}


def interview(
    folder: Path, *arguments: str, lines: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a round with its answers on stdin."""
    return subprocess.run(
        [sys.executable, "-m", "grader", "interview", *arguments], cwd=folder, input=lines or "",
        env=environment(folder, **more), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def recorded(folder: Path, number: int = 1) -> list[Event]:
    with Store(folder / "home") as store:
        return log.events(store, number)


def test_a_whole_round_can_be_scripted(tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, CODE_TOML, PROVE_TOML, TWIST_TOML, QUESTIONS_TOML)
    (tmp_path / "sdpa.py").write_text(SOLUTION.read_text(), encoding="utf-8")
    lines = "two\\\nlines\n3\n\n/edit\n/grade\n/next\nI compare\n4\n\n1\n\nbecause\n2\n\n\n4\n3\n"
    broken = tmp_path / "broken.py"
    broken.write_text(SOLUTION.read_text().replace("math.sqrt(d_k)", "1.0"), encoding="utf-8")
    done = interview(tmp_path, "--file", "r.toml", lines=lines, EDITOR=f"cp '{broken}'", VISUAL="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    for shown in (
        "used as it is", "WRONG ANSWER", "line 22: the scores are not divided",
        "equivalence", "What happened: nothing: zeros",
        "As predicted.", "LEANING", "technical competency", "kata explain no-scale",
    ):  # fmt: skip
        assert shown in " ".join(done.stdout.split()), done.stdout
    state = fold(rounds.load(tmp_path / "r.toml"), recorded(tmp_path))
    assert state.replies[0, 0].text == "two\nlines"
    assert state.ended
    assert all(grade.data["attempt"] for grade in state.grades)
    home = sqlite3.connect(tmp_path / "home" / "kata.db")
    assert {row[0] for row in home.execute("select source from attempts")} == {"interview"}


def test_the_end_of_the_input_pauses_and_a_clock_moves_on_without_it(tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML, minutes=0.02)
    paused = interview(tmp_path, "--file", "r.toml", lines="an answer")
    assert paused.returncode == 130
    assert "--resume 1" in paused.stdout
    assert [e.kind for e in recorded(tmp_path)][-2:] == ["answer", "paused"]
    with subprocess.Popen(
        [sys.executable, "-m", "grader", "interview", "--resume"], cwd=tmp_path, text=True,
        env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        while "overrun" not in said:
            said += process.stdout.readline()
        assert "The time for “Shapes” is up" in said
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 130
    assert recorded(tmp_path)[-1].kind == "paused"


USAGE = {
    ("mid-33",): "did you mean `mid-30`?",
    ("xyzzy",): "kata interview --list",
    ("--level", "staff"): "junior",
    ("--level", "mid"): "choose one of mid-20, mid-30, mid-40, mid-45",
    ("--minutes", "25"): "there are junior-20",
    ("mid-30", "--minutes", "30"): "name one round",
    ("--file", "none.toml"): "none.toml does not exist",
    ("mid-30", "--dir", "file"): "file cannot be written to",
    ("--resume",): "no round is unfinished",
    ("--resume", "7"): "there is no round 7",
    ("--resume", "9" * 30): "there is no round 999",
    ("--host", "9" * 5000): "is not the number of a round",
    ("--resume", "mid-30"): "there is no round mid-30",
    ("--host", "7"): "there is no round 7",
    ("--host", "mid-30"): "is not the number of a round",
}


@pytest.mark.parametrize("arguments", USAGE, ids=lambda words: " ".join(words)[:40])
def test_usage_errors_are_one_line_with_a_remedy(arguments, tmp_path: Path, monkeypatch) -> None:
    from click.testing import CliRunner

    from grader.cli import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KATA_HOME", str(tmp_path / "home"))
    handler = signal.getsignal(signal.SIGHUP)
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli, ["interview", *arguments])
    signal.signal(signal.SIGHUP, handler)
    assert done.exit_code == 2, done.output
    assert USAGE[arguments] in " ".join(done.output.split())
    assert not (tmp_path / "home").exists(), "nothing was begun"


def test_listing_is_quick_and_imports_neither_torch_nor_a_terminal(tmp_path: Path) -> None:
    probe = "import sys; from grader.cli import main\n"
    probe += "try: main(['interview'])\nexcept SystemExit: pass\n"
    probe += "print({'torch', 'prompt_toolkit', 'jinja2'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, env=environment(tmp_path),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "set()" in done.stdout
    assert "mid-45     mid     45 min  self-attention, fused-qkv" in done.stdout


def begun(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A round in a process, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "grader", "interview", *arguments], cwd=folder,
        env=environment(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, bufsize=0,
    )  # fmt: skip


def until(process: subprocess.Popen[bytes], words: str, seconds: float = 20) -> str:
    """What a process writes, up to and with some words."""
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + seconds
    while words not in said and time.monotonic() < deadline:
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            break
        said += data.decode("utf-8", "replace")
    assert words in said, said
    return said


def test_two_rounds_at_once_each_with_its_own_record(tmp_path: Path) -> None:
    toml(tmp_path / "r.toml", TALK_TOML)
    both = [begun(tmp_path, "--file", "r.toml") for _ in range(2)]
    try:
        for number, process in enumerate(both):
            until(process, "> ")
            os.write(process.stdin.fileno(), f"answer {number}\n".encode())
        for process in both:
            until(process, "How close")
        overview = interview(tmp_path).stdout
        assert overview.count("unfinished:") == 2
        assert overview.count("runs in process") == 2
        refused = interview(tmp_path, "--resume", "1")
        assert refused.returncode == 2
        assert "is running in process" in refused.stderr
        assert "several rounds run: 2 (r), 1 (r)" in interview(tmp_path, "--host").stderr
    finally:
        for process in both:
            process.kill()
            process.wait()
    answers = [
        [e.data["text"] for e in recorded(tmp_path, n) if e.kind == "answer"] for n in (1, 2)
    ]
    assert sorted(answers) == [["answer 0"], ["answer 1"]]
    waiting = interview(tmp_path, "--resume")
    assert waiting.returncode == 2
    assert "several rounds are unfinished" in waiting.stderr


def survive(folder: Path, times: int, seed: int) -> int:
    """Kill a round at random moments, again and again; returns how many notes it has kept.

    Everything that was acknowledged on the screen has to be in the record, once and in order.
    """
    chance = random.Random(seed)
    toml(folder / "r.toml", TALK_TOML, QUESTIONS_TOML, minutes=60)
    arguments, number, sure = ("--file", "r.toml"), 0, -1
    for _ in range(times):
        process = begun(folder, *arguments)
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        deadline = time.monotonic() + chance.uniform(0.0, 1.2)
        said = b""
        sent = first = number
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                said += os.read(process.stdout.fileno(), 65536)
            acknowledged = len(re.findall(rb"^noted$", said, re.MULTILINE))
            if b"> " in said and sent == first + acknowledged:
                os.write(process.stdin.fileno(), f"/note {sent}\n".encode())
                sent += 1
            time.sleep(0.002)
        process.kill()
        process.wait()
        os.set_blocking(process.stdout.fileno(), True)
        said += process.stdout.read()
        sure = max(sure, first + len(re.findall(rb"^noted$", said, re.MULTILINE)) - 1)
        kept = notes(folder)
        assert kept == list(range(len(kept))), "each of them once, in order"
        assert len(kept) > sure, "what was acknowledged is on record"
        number = len(kept)
        if (folder / "home").exists() and unfinished(folder):
            arguments = ("--resume",)
    return number


def unfinished(folder: Path) -> bool:
    with Store(folder / "home") as store:
        return bool(log.unfinished(store))


def notes(folder: Path) -> list[int]:
    if not unfinished(folder):
        return []
    return [int(e.data["text"]) for e in recorded(folder) if e.kind == "note"]


def test_a_round_killed_at_any_moment_goes_on_with_everything(tmp_path: Path) -> None:
    kept = survive(tmp_path, times=6, seed=random.randrange(1000))
    if not unfinished(tmp_path):  # killed each time before there was a round to go on with
        assert kept == 0
        return
    done = interview(tmp_path, "--resume", lines="an answer\n3\n\nmine\n2\n\n\n3\n3\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert notes(tmp_path) == [] != kept or kept == 0
    events = recorded(tmp_path)
    assert [int(e.data["text"]) for e in events if e.kind == "note"] == list(range(kept))
    assert events[-1].kind == "ended"
    assert [e.elapsed for e in events] == sorted(e.elapsed for e in events)
