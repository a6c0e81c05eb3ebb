"""`kata new`: what it writes already runs, and the gate leads its author from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import grader
from grader.author.documents import documents
from grader.author.scaffold import CannotScaffold, scaffold
from grader.cli import cli
from grader.judge.session import Session
from grader.judge.source import Source, parse
from grader.kata.kata import Kata, all_katas, load
from grader.kata.mutants import singles
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import Fault, Verdict

SLUGS = {"banded-attention": False, "banded-layer": True}


@pytest.fixture(params=SLUGS)
def kata(request: pytest.FixtureRequest, tmp_path: Path) -> Kata:
    """A new kata of either kind, in a root of its own."""
    scaffold(request.param, tmp_path, module=SLUGS[request.param])
    return load(tmp_path / "katas" / request.param)


def as_submission(kata: Kata, text: str) -> Source:
    return Source(Path(f"{kata.slug}.py"), text, "")


def test_a_new_kata_loads_and_stands_above_the_ladder(kata: Kata, tmp_path: Path) -> None:
    assert [k.slug for k in all_katas(tmp_path)] == [kata.slug]
    assert kata.rung > max(k.rung for k in all_katas())
    assert kata.entry.is_module == SLUGS[kata.slug]
    assert kata.entry.name == ("BandedLayer" if kata.entry.is_module else "banded_attention")
    assert set(kata.banned) == set.intersection(*(set(k.banned) for k in all_katas()))


def test_the_solution_of_a_new_kata_is_accepted_by_its_own_bank(
    session: Session, kata: Kata
) -> None:
    report = session.grade(kata, as_submission(kata, kata.solution.read_text(encoding="utf-8")))
    failed = [(c.id, c.message) for c in report.checks if not c.passed]
    assert report.verdict is Verdict.ACCEPTED, (report.seed, failed, report.failure)
    assert report.stars == 3, (report.seed, failed)


def test_a_new_layer_has_a_mask_and_heads(tmp_path: Path) -> None:
    scaffold("banded-layer", tmp_path, module=True)
    kata = load(tmp_path / "katas" / "banded-layer")
    assert kata.entry.mask is not None
    assert kata.entry.meaning("heads")
    assert set(kata.roles) == {"query", "key", "value", "output"}


def test_the_mistakes_a_new_kata_knows_are_caught_and_named(session: Session, kata: Kata) -> None:
    text = kata.solution.read_text(encoding="utf-8")
    for mutant in singles(load_pitfalls(kata), text):
        report = session.grade(kata, as_submission(kata, mutant.text))
        failed = [check.id for check in report.checks if not check.passed]
        assert mutant.pitfalls[0].check in failed, report.seed
        assert [f.pitfall for f in report.diagnosis.findings] == [mutant.pitfalls[0].id]


def test_the_stub_of_a_new_kata_is_recognised_and_refused(session: Session, kata: Kata) -> None:
    stub = kata.text("stub.py")
    with pytest.raises(Fault, match="untouched stub"):
        parse(Path("stub.py"), stub.encode(), stub)
    report = session.grade(kata, as_submission(kata, stub), diagnose=False)
    assert report.verdict is Verdict.RUNTIME_ERROR


def test_the_gate_says_what_a_new_kata_lacks(kata: Kata) -> None:
    complaints = documents(kata)
    assert len(complaints) == 3
    for what in ("hints.md has 1 rungs", "questions.toml has 1 questions", "2 pitfalls"):
        assert any(what in complaint for complaint in complaints)


def test_a_new_kata_keeps_the_rules_of_the_house(kata: Kata, tmp_path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        pytest.skip("ruff is not installed")
    config = ["--config", str(Path(__file__).parent.parent / "pyproject.toml")]
    ours = ["--config", 'lint.isort.known-first-party = ["grader"]', "--ignore", "D1"]
    for command in (["format", "--check", *config], ["check", *config, *ours]):
        done = subprocess.run(
            [str(ruff), *command, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug", ["", "Banded", "banded_attention", "-banded", "banded-", "2d", "a--b", "../up", "a/b"]
)
def test_a_name_that_is_no_slug(slug: str, tmp_path: Path) -> None:
    with pytest.raises(CannotScaffold, match="such as linear-attention"):
        scaffold(slug, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("slug", ["random", "torch", "lambda", "none", "tensor"])
def test_a_name_that_python_needs(slug: str, tmp_path: Path) -> None:
    with pytest.raises(CannotScaffold, match="already"):
        scaffold(slug, tmp_path)


@pytest.mark.parametrize("taken", ["katas/banded/mine.txt", "solutions/banded.py"])
def test_what_is_there_is_never_touched(taken: str, tmp_path: Path) -> None:
    mine = tmp_path / taken
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(CannotScaffold, match="exists already"):
        scaffold("banded", tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [mine]
    assert mine.read_text() == "mine"


def test_an_installed_kata_is_left_alone() -> None:
    with pytest.raises(CannotScaffold, match="from a checkout"):
        scaffold("banded", Path(grader.__file__).parent / "data")


def test_a_root_that_cannot_hold_a_kata(tmp_path: Path) -> None:
    with pytest.raises(CannotScaffold, match="is no folder"):
        scaffold("banded", tmp_path / "nowhere")
    (tmp_path / "katas").write_text("a file where a folder should be")
    with pytest.raises(CannotScaffold, match="cannot be written"):
        scaffold("banded", tmp_path)


# --- the command ------------------------------------------------------------------------------


def test_the_command_names_the_files_and_the_next_step(tmp_path: Path) -> None:
    arguments = ["new", "banded-layer", "--module", "--root", str(tmp_path)]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0
    for file in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert f"wrote {file}\n" in done.output
    assert "kata verify banded-layer" in done.output
    again = CliRunner().invoke(cli, arguments)
    assert again.exit_code == 2
    assert "exists already" in again.output
    assert "Traceback" not in again.output
