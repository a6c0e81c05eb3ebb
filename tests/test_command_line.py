"""The command as people run it: whole processes, exit statuses, files, terminals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import cli
from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.kata.kata import all_katas, find
from grader.kata.keys import TRACKS
from grader.practice import attempts
from grader.practice.store import Store
from grader.report.verdict import Check, Report, Submission, Tier, Verdict
from tests.conftest import grade

SDPA = find("sdpa")
SOLUTION = SDPA.solution.read_text(encoding="utf-8")
PASSED = Report(
    "sdpa", 7, "cpu", 0.5, Submission("sdpa.py", "aa"),
    (Check("test_a", "A claim.", "shape", Tier.REQUIRED, Verdict.ACCEPTED),),
)  # fmt: skip
STUB = find("sdpa").text("stub.py")
NEVER = "def scaled_dot_product_attention(q, k, v, mask=None):\n    pass\n"
"""What is quickly told."""
NO_SCALE = SOLUTION.replace("    scores = scores / math.sqrt(d_k)\n", "")


def kata(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `kata` in a folder, with a home of its own there."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=folder,
        env={**os.environ, "KATA_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


# --- the main job -----------------------------------------------------------------------------


def test_from_start_to_a_named_mistake_to_accepted(folder: Path) -> None:
    assert kata(folder, "start", "sdpa").returncode == 0
    untouched = kata(folder, "grade")
    assert untouched.returncode == 1
    assert "untouched stub" in untouched.stdout
    (folder / "sdpa.py").write_text(NO_SCALE)
    wrong = kata(folder, "grade")
    assert wrong.returncode == 1
    assert "error[no-scale]" in wrong.stdout
    assert "multiplied by 1, expected 1/√8" in wrong.stdout
    assert "kata explain no-scale" in wrong.stdout
    assert "\x1b" not in wrong.stdout
    (folder / "sdpa.py").write_text(SOLUTION)
    right = kata(folder, "grade", "sdpa")
    assert right.returncode == 0
    assert "ACCEPTED  ★★★  100/100" in right.stdout


def test_the_json_document_is_alone_on_stdout_and_has_schema_1(folder: Path) -> None:
    (folder / "mine.py").write_text(f"print('hello')\n{NO_SCALE}")
    done = kata(folder, "grade", "sdpa", "mine.py", "--format", "json", "--seed", "7")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["schema"] == 1
    assert report["kata"] == "sdpa"
    assert report["verdict"] == "wrong_answer"
    assert report["seed"] == 7
    assert report["stars"] == 0
    assert 0 < report["score"] < 100
    assert report["submission"]["path"] == "mine.py"
    assert report["submission"]["entry_point"] == "scaled_dot_product_attention"
    assert report["diagnosis"][0]["pitfall"] == "no-scale"
    assert set(report["checks"][0]) == {
        "id", "title", "family", "tier", "verdict", "message", "seconds",
    }  # fmt: skip
    assert report["budget"]["limit"] == find("sdpa").budget_limit
    assert "hello" in report["output"]


def test_several_files_get_a_row_each_and_are_no_attempts(folder: Path) -> None:
    (folder / "right.py").write_text(SOLUTION)
    (folder / "wrong.py").write_text(NO_SCALE)
    (folder / "stub.py").write_text(STUB)
    done = kata(folder, "grade", "sdpa", "right.py", "wrong.py", "stub.py")
    rows = [line.split() for line in done.stdout.splitlines() if line[:1] in "✓✗"]
    assert [row[:3] for row in rows] == [
        ["✓", "right.py", "accepted"], ["✗", "wrong.py", "wrong"], ["✗", "stub.py", "cannot"],
    ]  # fmt: skip
    assert rows[0][-2:] == ["★★★", "100"]
    assert rows[1][-1] == "no-scale"
    assert done.returncode == 1
    assert "no attempt at sdpa yet" in kata(folder, "status", "sdpa").stdout


def test_several_files_as_json_are_a_document_a_line(folder: Path) -> None:
    for name in ("a.py", "b.py"):
        (folder / name).write_text(STUB)
    done = kata(folder, "grade", "sdpa", "a.py", "b.py", "--format", "json")
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["submission"]["path"] for r in reports] == ["a.py", "b.py"]
    assert {r["seed"] for r in reports} == {reports[0]["seed"]}, "all of them meet the same inputs"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("sdpa a.py gone.py", "there is no file gone.py"),
        ("a.py b.py", "name the kata before the files"),
        ("sdpa a.py b.py --format html", "--format html is for one file"),
    ],
)
def test_several_files_are_all_looked_for_before_one_is_graded(
    typed: str, says: str, folder: Path
) -> None:
    (folder / "a.py").write_text(SOLUTION)
    done = kata(folder, "grade", *typed.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_try_works_out_the_example_and_counts_no_attempt(folder: Path) -> None:
    (folder / "sdpa.py").write_text(f"print('a print')\n{NO_SCALE}")
    done = kata(folder, "try", "sdpa")
    assert done.returncode == 1
    shown = [line.split() for line in done.stdout.splitlines()]
    assert ["0.9841", "0.8827", "0.9100", "0.7553"] in shown, "yours, and what is right"
    assert "a print" in done.stdout
    (folder / "sdpa.py").write_text(STUB)
    untouched = kata(folder, "try", "sdpa")
    assert untouched.returncode == 1
    assert "untouched stub" in untouched.stdout
    assert "no attempt at sdpa yet" in kata(folder, "status", "sdpa").stdout


def test_a_seed_repeats_a_grade(session: Session, folder: Path) -> None:
    (folder / "sdpa.py").write_text(NO_SCALE)
    choice = Selection(without=("budget",))
    first, second = (
        grade(session, SDPA, folder / "sdpa.py", seed=3, selection=choice, diagnose=False).checks
        for _ in range(2)
    )
    assert [check.message for check in first] == [check.message for check in second]
    assert any(check.message for check in first)


def test_list_shows_every_kata(folder: Path) -> None:
    done = kata(folder, "list")
    rows = [line.split() for line in done.stdout.splitlines() if line[:1] in ("✓", "·")]
    ladders = [[k.slug for k in all_katas() if k.track == track] for track in TRACKS]
    assert [row[2] for row in rows] == [slug for ladder in ladders for slug in ladder]


@pytest.mark.parametrize(
    "typed", ["", "list", "start sdpa", "explain no-scale", "explain --list", "show sdpa", "status"]
)
def test_commands_that_do_not_grade_never_import_torch(typed: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{NO_TORCH}; main()", *typed.split()], cwd=folder, check=False,
        env={**os.environ, "KATA_HOME": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_list_and_kata_alone_show_what_is_passed_and_what_is_next(folder: Path) -> None:
    with Store(folder / "home") as store:
        attempts.record(store, find("sdpa"), PASSED, folder / "sdpa.py")
    rows = [line.split() for line in kata(folder, "list").stdout.splitlines()]
    assert rows[0][0] == "core:"
    assert rows[1][:6] == ["✓", "1", "sdpa", "★★★", "due", "in"]
    assert rows[2][:4] == ["·", "2", "self-attention", "–"]
    alone, status = kata(folder), kata(folder, "status")
    assert alone.returncode == 0
    assert alone.stdout.endswith(status.stdout)
    assert alone.stdout.splitlines()[-1].startswith("next: kata next")
    assert [line for line in alone.stdout.splitlines() if line.startswith("next")] == [
        alone.stdout.splitlines()[-1]
    ], "one next step"


def test_what_authors_use_is_listed_under_a_heading_of_its_own() -> None:
    learners, _, authors = CliRunner().invoke(cli, ["--help"]).output.partition("For authors")
    assert "  grade " in learners
    assert "  verify " in authors
    assert "  verify " not in learners


def test_explain_lists_the_mistakes_that_speak_of_a_word(folder: Path) -> None:
    listed = kata(folder, "explain", "--list", "√d_k").stdout
    assert "no-scale: the scores are not divided by √d_k" in listed
    assert listed.count("no-scale:") == 1, "though several katas know it"
    assert "mask-inverted" not in listed
    assert "mask-inverted" in kata(folder, "explain", "--list").stdout
    assert kata(folder, "explain", "--list", "zebra").returncode == 2


def test_explain_tells_the_rest(folder: Path) -> None:
    done = kata(folder, "explain", "no-scale")
    assert done.returncode == 0
    assert "ask yourself" in done.stdout
    assert "+    scores = scores / math.sqrt(d_k)" in done.stdout
    missing = kata(folder, "explain", "no-scal")
    assert missing.returncode == 2
    assert "did you mean `no-scale`?" in missing.stderr


COMPLETED = {
    "kata gr": "grade", "kata grade mul": "multi-head", "kata explain no-sc": "no-scale",
    "kata interview senior-4": "senior-45", "kata grade --no": "--no-record",
}  # fmt: skip


@pytest.mark.parametrize("typed", COMPLETED)
def test_the_shell_completes(typed: str, folder: Path) -> None:
    command = Path(sys.executable).with_name("kata")
    words = typed.split()
    done = subprocess.run(
        [str(command)], cwd=folder, capture_output=True, text=True, check=False, timeout=20,
        env={**os.environ, "_KATA_COMPLETE": "bash_complete", "COMP_WORDS": typed,
             "COMP_CWORD": str(len(words) - 1)},
    )  # fmt: skip
    assert done.stdout.splitlines() == [f"plain,{COMPLETED[typed]}"]


# --- bad input --------------------------------------------------------------------------------


def test_unknown_kata(folder: Path) -> None:
    done = kata(folder, "grade", "spda")
    assert done.returncode == 2
    assert "did you mean `sdpa`?" in done.stderr


def test_nothing_started_here(folder: Path) -> None:
    done = kata(folder, "grade")
    assert done.returncode == 2
    assert "kata start" in done.stderr


def fifo(path: Path) -> None:
    os.mkfifo(path)


BAD_FILES = {
    "there is no file": lambda path: None,
    "is a folder": lambda path: path.mkdir(),
    "is not a regular file": fifo,
    "larger than 256 KiB": lambda path: path.write_text("#" * (256 * 1024 + 1)),
}


@pytest.mark.parametrize("complaint", BAD_FILES)
def test_a_path_that_cannot_be_graded_is_a_usage_error(complaint: str, folder: Path) -> None:
    BAD_FILES[complaint](folder / "mine.py")
    done = kata(folder, "grade", "sdpa", "mine.py")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "mine.py" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_refusal_takes_one_line_whatever_the_file_is_called(folder: Path) -> None:
    done = kata(folder, "grade", "sdpa", "\x1b[2J\nmine.py")
    assert done.returncode == 2
    assert "·[2J·mine.py" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_device_is_no_submission(folder: Path) -> None:
    done = kata(folder, "grade", "sdpa", "/dev/zero")
    assert done.returncode == 2
    assert "is not a regular file" in done.stderr


UNREADABLE = {
    "is empty": b"\n",
    "binary file": b"\x7fELF\0\0",
    "not valid UTF-8": b"x = '\xff\xfe'\n",
    "untouched stub": STUB.encode(),
    "line 2": b"import torch\ndef broken(:\n",
    "nested too deeply": b"-" * 50000 + b"1",
}


NO_TORCH = "import sys; sys.modules['torch'] = None; from grader.cli import main"
"""Whoever imports torch now fails."""


@pytest.mark.parametrize("complaint", UNREADABLE)
def test_a_file_that_is_no_submission_is_refused_without_torch(complaint, folder: Path) -> None:
    (folder / "sdpa.py").write_bytes(UNREADABLE[complaint])
    done = subprocess.run(
        [sys.executable, "-c", f"{NO_TORCH}; main()", "grade", "sdpa", "--format", "json"],
        cwd=folder, env={**os.environ, "KATA_HOME": str(folder)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "invalid_submission"
    assert "sdpa.py" in report["checks"][0]["message"]
    assert complaint in report["checks"][0]["message"]


@pytest.mark.parametrize("spelling", [b"\xef\xbb\xbf%s", b"%s"])
def test_bom_and_crlf_are_fine(spelling: bytes, session: Session, folder: Path) -> None:
    text = SOLUTION.encode().replace(b"\n", b"\r\n")
    (folder / "sdpa.py").write_bytes(spelling % text)
    first = Selection(only=SDPA.announced[:1])
    assert grade(session, SDPA, folder / "sdpa.py", selection=first).stars > 0


def test_start_never_overwrites_and_force_keeps_a_backup(folder: Path) -> None:
    (folder / "sdpa.py").write_text("mine")
    refused = kata(folder, "start", "sdpa")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert (folder / "sdpa.py").read_text() == "mine"
    for _ in range(2):
        assert kata(folder, "start", "sdpa", "--force").returncode == 0
    assert (folder / "sdpa.py.1.bak").read_text() == "mine"
    assert (folder / "sdpa.py.2.bak").read_text() == STUB
    assert (folder / "sdpa.py").read_text() == STUB


def test_start_in_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / "file").write_text("")
    done = kata(folder, "start", "sdpa", "--dir", "file")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "--dir" in done.stderr


def test_cuda_where_there_is_none(folder: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    (folder / "sdpa.py").write_text(SOLUTION)
    done = kata(folder, "grade", "sdpa", "--device", "cuda")
    assert done.returncode == 2
    assert "--device cpu" in done.stderr


SABOTAGE = {
    "conftest.py": "import pytest\ndef pytest_runtest_makereport(): raise SystemExit(0)\n",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "random.py": "raise SystemExit(0)\n",
    "sitecustomize.py": "import os; os._exit(0)\n",
    "torch.py": "raise SystemExit(0)\n",
}


def test_files_beside_a_submission_have_no_say(folder: Path) -> None:
    for name, text in SABOTAGE.items():
        (folder / name).write_text(text)
    (folder / "sdpa.py").write_text(NO_SCALE)
    command = Path(sys.executable).with_name("kata")
    done = subprocess.run(
        [str(command), "grade", "sdpa"], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "KATA_HOME": str(folder), "PYTEST_ADDOPTS": "--collect-only"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no-scale" in done.stdout


HANGS = {
    "on import": "while True: pass\n",
    "in a call": "def scaled_dot_product_attention(q, k, v, mask=None):\n    while True: pass\n",
}


@pytest.mark.parametrize("where", HANGS)
def test_control_c_leaves_no_process_and_no_folder(where: str, folder: Path) -> None:
    (folder / "sdpa.py").write_text(HANGS[where])
    (folder / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", "sdpa"], cwd=folder, start_new_session=True,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not list((folder / "tmp").glob("kata-*/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert b"Traceback" not in err
    assert list((folder / "tmp").iterdir()) == []
    assert _processes_in(folder) == []


def _processes_in(folder: Path) -> list[str]:
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if str(link.readlink()).startswith(str(folder)):
                found.append(str(link))
        except OSError:
            continue
    return found


def test_a_terminal_gets_colour_and_progress_and_a_dumb_one_neither(folder: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    (folder / "sdpa.py").write_text(NEVER)

    def screen(**environment: str) -> str:
        return pexpect.run(
            f"{sys.executable} -m grader grade sdpa", cwd=str(folder), timeout=60,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        ).decode()  # fmt: skip

    lively = screen()
    assert "\x1b[1;31merror\x1b[0m: returned None" in lively
    assert "importing torch" in lively
    assert "\x1b[?25h" in lively, "the cursor is shown again"
    plain = screen(NO_COLOR="1")
    assert "\x1b" not in plain
    assert "error: returned None" in plain
    (folder / "sdpa.py").write_text(STUB)
    dumb = screen(TERM="dumb")
    assert "\x1b" not in dumb
    assert "untouched stub" in dumb


def test_doctor_says_what_the_machine_offers(tmp_path: Path) -> None:
    done = kata(tmp_path, "doctor", "--format", "json", "--sandbox", "limits")
    found = {row["name"]: row for row in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert {"python", "torch", "devices", "clock", "sandbox"} <= set(found)
    assert found["sandbox"]["found"] == "limits"
    assert "it was not asked for" in found["sandbox"]["remedy"]
    plain = kata(tmp_path, "doctor")
    assert all(row[0] in "✓!✗ " for row in plain.stdout.splitlines())
