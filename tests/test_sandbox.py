"""The kernel's sandbox: what is tried out before it is promised, and what is left out of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from grader.judge.session import Session, start_server
from grader.kata.paths import data_root
from grader.kata.refused import Refused
from grader.worker import sandbox
from grader.worker.sandbox import AUTO, LIMITS, PARTIAL, Sandbox, Unavailable, libraries, tried

linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture
def here(tmp_path: Path) -> Sandbox:
    found, why = tried(AUTO, str(tmp_path))
    if found is None:
        pytest.skip(why)
    return found


def test_nothing_that_holds_a_secret_is_among_what_may_be_read() -> None:
    secrets = [data_root() / name for name in ("katas", "solutions", "rounds")]
    open_ = list(libraries())
    for secret in secrets:
        assert not [p for p in open_ if p == secret or p in secret.parents or secret in p.parents]


def test_what_lies_beside_a_secret_stays_open(tmp_path: Path) -> None:
    for name in ("torch", "grader/worker", "grader/data/katas"):
        (tmp_path / name).mkdir(parents=True)
    secret = tmp_path / "grader" / "data" / "katas"
    assert set(sandbox._open(tmp_path, [secret])) == {
        tmp_path / "torch",
        tmp_path / "grader/worker",
    }


@linux
@pytest.mark.parametrize(
    ("part", "possible"),
    [("_restrict_files", "read a solution"), ("program", "open a socket")],
)
def test_a_sandbox_with_a_hole_is_found_out(
    part: str, possible: str, here: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_all = sandbox.struct.pack("=HBBI", sandbox.RETURN, 0, 0, sandbox.ALLOW)
    if part == "program":
        monkeypatch.setattr(sandbox, part, lambda *_: allow_all)
    else:
        monkeypatch.setattr(Sandbox, part, lambda *_: None)
    assert tried(AUTO, str(tmp_path)) == (None, f"inside one can {possible}")


@linux
@pytest.mark.parametrize("fate", [lambda *_: time.sleep(60), lambda *_: os._exit(1)])
def test_a_trial_that_hangs_or_dies_promises_nothing(
    fate, here: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "trial", fate)
    monkeypatch.setattr(sandbox, "TRIAL_SECONDS", 0.05)
    assert tried(AUTO, str(tmp_path)) == (None, "the process that tried it out died or hung")


def test_a_machine_that_has_none_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried(LIMITS, str(tmp_path)) == (None, "it was not asked for")
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "riscv64")
    with pytest.raises(Unavailable, match="riscv64" if sys.platform == "linux" else "Linux"):
        Sandbox.prepare()
    assert tried(PARTIAL, str(tmp_path))[0] is None


def test_a_level_that_is_asked_for_and_cannot_be_had_is_an_error(monkeypatch) -> None:
    monkeypatch.setenv("KATA_SANDBOX", "steel")
    with pytest.raises(Refused, match="it can be auto, partial, limits"):
        start_server()
    monkeypatch.setenv("KATA_SANDBOX", PARTIAL)
    monkeypatch.setattr("grader.judge.workers.ForkServer.level", LIMITS)
    monkeypatch.setattr("grader.judge.workers.ForkServer.why", "this is a test")
    with pytest.raises(Refused, match="no sandbox `partial` here: this is a test"):
        start_server()


@linux
def test_the_level_is_the_judges_knowledge_and_stands_in_the_report(
    here: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level in (PARTIAL, LIMITS):
        monkeypatch.setenv("KATA_SANDBOX", level)
        with Session() as session:
            assert session.server.level == level
