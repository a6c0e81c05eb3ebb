"""One warm judge for the whole run, and the corpus of submissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from grader.author.mutation import Outcome, among, run_gauntlet
from grader.judge.session import Session
from grader.judge.source import Source, parse, read
from grader.kata.kata import Kata, find
from grader.kata.mutants import Mutant
from grader.report.verdict import Fault, Report, Submission

SUBMISSIONS = Path(__file__).parent / "submissions"
PATIENCE = (1.5, 0.5, 0.25)
"""Seconds for requests that hang: half a dozen of these tests wait for nothing else."""


@dataclass(frozen=True)
class Sample:
    """A file of the corpus and what its header says of it."""

    path: Path
    header: dict[str, str]

    @property
    def kata(self) -> Kata:
        return find(self.header.get("kata", self.path.parent.name))

    @property
    def id(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"


def samples(*parts: str) -> list[Sample]:
    """The files below a folder of the corpus."""
    files = sorted(SUBMISSIONS.joinpath(*parts).rglob("*.py"))
    return [Sample(file, _header(file)) for file in files]


def _header(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    return dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))


def source_of(path: Path, kata: Kata) -> Source:
    return parse(path, read(path), kata.text("stub.py"))


def grade(session: Session, kata: Kata, path: Path, **options: object) -> Report:
    """What `kata grade` does, without a terminal."""
    from grader.report.verdict import refused

    try:
        return session.grade(kata, source_of(path, kata), **options)  # type: ignore[arg-type]
    except Fault as fault:
        return refused(kata, Submission(str(path)), fault, 0, "cpu")


def by_its_bank(
    kata: Kata, files: Sequence[Sample], seed: int, *, one_in: int = 1, only_named: bool = False
) -> list[Outcome]:
    """What submissions of ours fail of a bank, but for its clock, in this process.

    one_in: of so many checks each of them meets one; the seed says which. only_named: each meets
    the one that its header names.
    """
    texts = [(file, file.path.read_text(encoding="utf-8")) for file in files]
    own = {file.id: file.header.get("check") for file in files}

    def meets(mutant: Mutant, check: str) -> bool:
        if only_named:
            return check == own[mutant.name]
        return among(one_in, mutant.name, check, seed)

    mutants = [Mutant((), (), text, file.id) for file, text in texts]
    return run_gauntlet(kata, mutants, seed, meets)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """With tensors this small and tests side by side, more threads wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def no_ones_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests keeps a history of their own, which is none of our business."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """A judge whose fork server serves every test."""
    with Session(patience=PATIENCE) as judge:
        yield judge
