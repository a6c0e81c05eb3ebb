"""Workers that are programs of their own, as accelerators need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader.judge import spawned
from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.kata.kata import Kata, all_katas, find
from grader.report.verdict import Verdict
from tests.conftest import PATIENCE, grade


@pytest.fixture(scope="module")
def started() -> Iterator[Session]:
    """A session whose workers are started like those on a GPU, but compute on the CPU."""
    session = Session(patience=PATIENCE)
    session.server = spawned.Spawner()
    yield session
    session.server.close()


def test_one_worker_serves_a_whole_bank(started: Session, monkeypatch) -> None:
    begun = []
    spawn = spawned.Spawner.spawn
    monkeypatch.setattr(spawned.Spawner, "spawn", lambda s: begun.append(1) or spawn(s))
    kata = find("sdpa")
    report = grade(started, kata, kata.solution)
    assert report.stars == 3, [(c.id, c.message) for c in report.checks if not c.passed]
    assert len(begun) <= 4, "two for the submission and two for the reference"


def test_a_fresh_worker_takes_over_after_a_death(started: Session, tmp_path: Path) -> None:
    kata = find("sdpa")
    text = kata.solution.read_text(encoding="utf-8")
    death = "    if query.size(-1) == 37:\n        import os; os._exit(3)\n"
    dies = text.replace("    d_k =", f"{death}    d_k =")
    file = tmp_path / "sdpa.py"
    file.write_text(dies)
    some = Selection(only=[n for n in kata.announced if "root" in n or "attends_where" in n])
    report = grade(started, kata, file, selection=some, diagnose=False)
    assert report.verdict is Verdict.RUNTIME_ERROR
    failed = [c for c in report.checks if not c.passed]
    assert all("exit status 3" in c.message for c in failed)
    assert 0 < len(failed) < len(report.checks)


def test_no_scratch_folder_is_on_a_workers_import_path(started: Session, tmp_path: Path) -> None:
    kata = find("sdpa")
    text = kata.solution.read_text(encoding="utf-8")
    file = tmp_path / "sdpa.py"
    file.write_text(f"import sys\nassert not any('kata-' in p for p in sys.path), sys.path\n{text}")
    some = Selection(only=kata.announced[:1])
    assert grade(started, kata, file, selection=some).verdict is Verdict.ACCEPTED


def test_closing_leaves_no_process_and_no_folder(started: Session) -> None:
    other = spawned.Spawner()
    worker = other.spawn()
    other.close()
    assert not Path(f"/proc/{worker.pid}").exists()
    assert not other.scratch.exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kata", all_katas(), ids=lambda k: k.slug)
def test_solutions_earn_three_stars_on_a_gpu(kata: Kata) -> None:
    with Session("cuda") as session:
        report = grade(session, kata, kata.solution)
    assert report.stars == 3, [(c.id, c.message) for c in report.checks if not c.passed]
