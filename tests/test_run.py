"""The script that newcomers begin with: what it says while it sets up, and at the end."""

from __future__ import annotations

import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PIP = (
    "print('Collecting torch'); print('  Preparing'); print('Installing it'); raise SystemExit({})"
)


@pytest.fixture
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "run.py"), run_name="run")


def test_set_up_says_what_it_is_at_and_for_how_long(
    script: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    script["follow"]([sys.executable, "-c", PIP.format(0)], time.monotonic() - 7)
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" s  ")[2] for line in said] == ["Collecting torch", "Installing it"]
    assert all(int(line.partition(" s  ")[0]) >= 7 for line in said)


def test_a_set_up_that_fails_shows_all_that_was_said(script: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match=r"(?s)Preparing.*set-up failed: run it again"):
        script["follow"]([sys.executable, "-c", PIP.format(1)], time.monotonic())


def test_how_kata_is_found_is_said_as_a_command_of_the_shell(script: dict[str, Any]) -> None:
    (line,) = [s for s in script["FOUND"].splitlines() if s.strip().startswith("export")]
    told = subprocess.run(
        ["sh", "-c", f"{line.strip()}; echo $PATH"], capture_output=True, text=True, check=True
    )
    assert told.stdout.split(":")[0] == str(script["BIN"])


def test_what_the_demo_invites_to_write_is_ignored_by_the_checks() -> None:
    folder = "practice"
    assert f"mkdir -p {folder}" in (ROOT / "run.py").read_text(encoding="utf-8")
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
