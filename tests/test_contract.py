"""Every kata passes the author's gate: the walk that makes a bank worth trusting."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.author.gate import Gate, Verification, documents, verify
from grader.judge.session import Session
from grader.kata.kata import Kata, all_katas, load
from grader.kata.mutants import singles
from grader.kata.pitfalls import load_pitfalls
from tests.conftest import grade

KATAS = all_katas()


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_kata_is_fit_to_be_practised_on(session: Session, kata: Kata) -> None:
    outcome = verify(kata, session)
    assert outcome.problems == []
    assert outcome.pitfalls >= 12
    assert outcome.edits_caught == outcome.edits > 0
    assert outcome.pairs_refused == outcome.pairs > 0


@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_known_mistake_is_named_by_its_own_name(
    session: Session, kata: Kata, tmp_path: Path
) -> None:
    text = kata.solution.read_text(encoding="utf-8")
    first = {m.pitfalls[0].id: m for m in singles(load_pitfalls(kata), text)}
    refused = [m for m in first.values() if not m.pitfalls[0].remark]
    for mutant in refused[:: len(refused) // 3]:
        file = tmp_path / f"{kata.slug}.py"
        file.write_text(mutant.text, encoding="utf-8")
        report = grade(session, kata, file)
        named = [finding.pitfall for finding in report.diagnosis.findings]
        assert mutant.pitfalls[0].id in named, (mutant.name, named, report.seed)


def copy_of(kata: Kata, folder: Path) -> Kata:
    """A kata in a folder of its own, free to be spoilt."""
    place = folder / "katas" / kata.slug
    place.mkdir(parents=True)
    (folder / "solutions").mkdir()
    for file in kata.folder.iterdir():
        if file.is_file():
            (place / file.name).write_bytes(file.read_bytes())
    (folder / "solutions" / f"{kata.slug}.py").write_bytes(kata.solution.read_bytes())
    return load(place)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda k: (k.folder / "hints.md").unlink(), "hints.md is missing"),
        (lambda k: (k.folder / "notes.txt").write_text("x"), "notes.txt does not belong"),
        (lambda k: (k.folder / "hints.md").write_text("## 1\none\n"), "has 1 rungs"),
        (lambda k: (k.folder / "questions.toml").write_text(""), "0 questions"),
        (lambda k: (k.folder / "pitfalls.toml").write_text(""), "0 pitfalls"),
        (lambda k: k.solution.unlink(), "missing from the solutions"),
    ],
)
def test_the_gate_sees_an_incomplete_kata(spoil, complaint, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    assert documents(kata) == []
    spoil(kata)
    assert any(complaint in problem for problem in documents(kata))


def test_the_gate_sees_a_bank_that_lost_its_teeth(session: Session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    bank = kata.folder / "test_sdpa.py"
    text = bank.read_text(encoding="utf-8")
    bank.write_text(f"{text}\n\ndef assert_matches(answer, truth):\n    pass\n")
    pitfalls = kata.folder / "pitfalls.toml"
    some = pitfalls.read_text(encoding="utf-8").split("[[pitfall]]")[:4]
    pitfalls.write_text("[[pitfall]]".join(some), encoding="utf-8")
    gate = Gate(load(kata.folder), session, Verification(kata.slug))
    gate.singles()
    assert any("is not caught by" in problem for problem in gate.outcome.problems)
