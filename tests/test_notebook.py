"""`%%kata` in a real IPython, with a real judge."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.kata.kata import find
from grader.notebook import Notebook
from grader.practice import attempts
from grader.practice.store import Store
from grader.report.verdict import Verdict
from tests.test_command_line import NEVER

pytest.importorskip("IPython")

SOLUTION = find("sdpa").solution.read_text(encoding="utf-8")
NO_SCALE = SOLUTION.replace("    scores = scores / math.sqrt(d_k)\n", "")
HANGS = "def scaled_dot_product_attention(q, k, v, mask=None):\n    while True: pass\n"


@dataclass
class Shown:
    """What a cell came to."""

    html: str
    text: str
    said: str
    stopped: bool


@dataclass
class Kernel:
    """An IPython with the extension in it."""

    shell: Any
    home: Path

    def __call__(self, cell: str) -> Shown:
        from IPython.utils.capture import capture_output

        with capture_output() as captured:
            done = self.shell.run_cell(cell, store_history=False)
        data = captured.outputs[0].data if captured.outputs else {}
        assert len(captured.outputs) <= 1
        return Shown(
            data.get("text/html", ""),
            data.get("text/plain", ""),
            captured.stdout + captured.stderr,
            not done.success,
        )

    @property
    def judge(self) -> int | None:
        """The judge's process."""
        magic = self.shell.magics_manager.magics["cell"]["kata"]
        notebook = magic.__self__
        assert isinstance(notebook, Notebook)
        judge = notebook.judges.get("cpu")
        return None if judge is None else judge.pid


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    from IPython.core.interactiveshell import InteractiveShell

    home = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KATA_HOME", str(home / "kata"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.chdir(home)
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "grader.notebook")
        made = Kernel(shell, home)
        yield made
        pid = made.judge
        shell.run_line_magic("unload_ext", "grader.notebook")
        assert pid is None or not alive(pid), "unloading ends the judge"
        assert made.shell.find_cell_magic("kata") is None
        InteractiveShell.clear_instance()


def test_mistakes_of_asking_take_one_line_and_start_nothing(kernel: Kernel) -> None:
    for line, says in {
        "spda": "did you mean `sdpa`?",
        "": "Missing argument 'KATA'",
        "sdpa --seed x": "is not a valid integer",
        "sdpa --device tpu": "'tpu' is not one of",
        "sdpa more": "unexpected extra argument",
        "sdpa 'open": "No closing quotation",
    }.items():
        shown = kernel(f"%%kata {line}\nx = 1")
        assert shown.stopped, "cells below do not run"
        assert says in shown.said
        assert len(shown.said.strip().splitlines()) == 1
        assert "Traceback" not in shown.said
    assert kernel.judge is None


@pytest.fixture(scope="module")
def graded(kernel: Kernel) -> Shown:
    """What one cell with a mistake came to."""
    return kernel("%%kata sdpa --seed 7\nleft_behind = 1\n" + NO_SCALE)


def test_a_cell_is_graded_and_not_run(kernel: Kernel, graded: Shown) -> None:
    assert not graded.stopped
    assert graded.said == ""
    assert graded.html.lstrip().startswith("<style>")
    assert '<div class="kata">' in graded.html
    assert '<code class="tag">no-scale</code>' in graded.html
    assert "error[no-scale]" in graded.text
    assert "WRONG ANSWER" in graded.text
    assert "\x1b" not in graded.text
    assert "left_behind" not in kernel.shell.user_ns
    assert "seed 7" in graded.text


def test_lines_are_those_of_the_cell(graded: Shown) -> None:
    cell = "%%kata sdpa\nleft_behind = 1\n" + NO_SCALE
    number = 1 + cell.split("\n").index("    scores = query @ key.transpose(-2, -1)")
    assert f"sdpa.cell:{number}" in graded.text


def test_attempts_are_remembered_as_those_of_a_notebook(graded: Shown) -> None:
    assert not graded.stopped
    with Store() as store:
        kept = attempts.attempts(store)[0]
        assert (kept.source, kept.seed, kept.verdict) == ("notebook", 7, Verdict.WRONG_ANSWER)
        assert kept.mistakes == ("no-scale",)
        assert attempts.text_of(store, kept.sha256) == "\nleft_behind = 1\n" + NO_SCALE


def test_the_judge_stays_warm_and_is_out_of_the_kernel(kernel: Kernel, graded: Shown) -> None:
    assert not graded.stopped
    first = kernel.judge
    assert first is not None
    assert first != os.getpid()
    shown = kernel("%%kata sdpa\n" + SOLUTION)
    assert "ACCEPTED  ★★★" in shown.text
    assert "Nothing to remark" in shown.html
    assert kernel.judge == first


def test_a_cell_that_does_not_parse_is_told_like_a_file(kernel: Kernel) -> None:
    shown = kernel("%%kata sdpa\nimport torch\ndef broken(:\n")
    assert "CANNOT BE GRADED" in shown.text
    assert "sdpa.cell, line 3: invalid syntax" in shown.text
    assert "cannot be graded" in shown.html
    stub = kernel("%%kata sdpa\n" + find("sdpa").text("stub.py"))
    assert "untouched stub" in stub.text


def test_an_interrupted_cell_stops_cleanly_and_the_judge_is_started_again(kernel: Kernel) -> None:
    """Also where the judge died by itself before."""
    kernel("%%kata sdpa\n" + NEVER)
    died = kernel.judge
    assert died is not None
    os.kill(died, signal.SIGKILL)
    while alive(died):
        time.sleep(0.01)
    threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    shown = kernel("%%kata sdpa\n" + HANGS)
    first = kernel.judge
    assert first != died
    assert shown.stopped
    assert "stopped: this cell was not graded" in shown.said
    assert "Traceback" not in shown.said
    again = kernel("%%kata sdpa\n" + NEVER)
    assert "is a `return` missing?" in again.text
    assert kernel.judge not in (first, died, None)
    assert first is None or not alive(first)


def test_a_history_that_cannot_be_kept_costs_no_verdict(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kernel.home / "file").write_text("")
    monkeypatch.setenv("KATA_HOME", str(kernel.home / "file" / "below"))
    shown = kernel("%%kata sdpa\n" + NEVER)
    assert "is a `return` missing?" in shown.text
    assert "note: this attempt was not recorded" in shown.said


def test_a_device_that_is_not_there(kernel: Kernel) -> None:
    shown = kernel("%%kata sdpa --device mps\n" + SOLUTION)
    if sys.platform == "darwin":
        pytest.skip("it may be there")
    assert shown.stopped
    assert "--device cpu" in shown.said
