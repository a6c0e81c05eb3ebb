"""Every kata passes the author's gate: the walk that makes a bank worth trusting."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.author.documents import documents
from grader.author.gate import Gate, Step, Verification, verify
from grader.judge.session import Session
from grader.kata.kata import Kata, all_katas, load
from grader.kata.mutants import singles
from grader.kata.pitfalls import load_pitfalls
from tests.conftest import grade
from tests.naming import own_name

KATAS = all_katas()
ONE_IN = 10
"""Of so many pairs of mistakes one is tried here, and of each mistake one edit, others each time:
`kata verify` tries all of them."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_kata_is_fit_to_be_practised_on(session: Session, kata: Kata) -> None:
    outcome = verify(kata, session, one_in=ONE_IN)
    assert outcome.problems == []
    assert outcome.pitfalls >= kata.fewest_pitfalls > 0
    assert outcome.edits_caught == outcome.edits > 0
    assert outcome.pairs_refused == outcome.pairs > 0


@pytest.mark.parametrize("kata", KATAS, ids=lambda k: k.slug)
def test_a_known_mistake_is_named_by_its_own_name(
    session: Session, kata: Kata, tmp_path: Path
) -> None:
    text = kata.solution.read_text(encoding="utf-8")
    first = {m.pitfalls[0].id: m for m in singles(load_pitfalls(kata), text)}
    refused = [m for m in first.values() if not m.pitfalls[0].remark]
    for mutant in refused[:: len(refused) // 3][:2]:
        file = tmp_path / f"{kata.slug}.py"
        file.write_text(mutant.text, encoding="utf-8")
        report = grade(session, kata, file)
        assert own_name(mutant, report.diagnosis), (mutant.name, report.diagnosis, report.seed)


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
        (lambda k: (k.folder / "hints.md").write_bytes(b"\xff"), "hints.md cannot be read"),
        (lambda k: (k.folder / "questions.toml").write_text(""), "0 questions"),
        (lambda k: (k.folder / "questions.toml").write_text("= 1"), "questions.toml: Invalid"),
        (lambda k: (k.folder / "questions.toml").write_text("question = 1"), "under [[question]]"),
        (lambda k: (k.folder / "pitfalls.toml").write_text(""), "0 pitfalls"),
        (lambda k: (k.folder / "pitfalls.toml").write_text("[[pitfall]]"), "a pitfall has no id"),
        (lambda k: (k.folder / "mistakes.toml").write_text(""), "no-scale has no title"),
        (lambda k: k.banks[0].write_text("x = 1\n"), "the bank has no check"),
        (lambda k: k.banks[0].write_text("x = 1\n)"), "unmatched ')' (test_sdpa.py, line 2)"),
        (lambda k: k.banks[0].unlink(), "no bank: write test_sdpa.py"),
        (lambda k: k.solution.unlink(), "missing from the solutions"),
    ],
)
def test_the_gate_sees_an_incomplete_kata(spoil, complaint, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    assert documents(kata) == []
    spoil(kata)
    told = documents(load(kata.folder))
    assert any(complaint in problem for problem in told), told


@pytest.mark.parametrize(("asked", "told"), [(4, []), (5, ["4 pitfalls, at least 5"])])
def test_a_small_kata_says_how_many_mistakes_are_enough(asked, told, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    pitfalls = kata.folder / "pitfalls.toml"
    some = pitfalls.read_text(encoding="utf-8").split("[[pitfall]]")[:5]
    pitfalls.write_text("[[pitfall]]".join(some), encoding="utf-8")
    said = kata.folder / "kata.toml"
    text = said.read_text(encoding="utf-8")
    said.write_text(f"fewest_pitfalls = {asked}\n{text}", encoding="utf-8")
    assert [p.split(": ")[1] for p in documents(load(kata.folder)) if "at least" in p] == told


def test_what_cannot_be_graded_at_all_is_left_alone(session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    kata.banks[0].write_text("x = 1\n)")
    (problem,) = verify(load(kata.folder), session).problems
    assert "unmatched ')'" in problem


def test_one_document_that_cannot_be_read_hides_no_fault_of_another(tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    (kata.folder / "pitfalls.toml").write_text("[[pitfall]]")
    (kata.folder / "hints.md").write_text("")
    (kata.folder / "questions.toml").unlink()
    complaints = "\n".join(documents(kata))
    for what in ("has no id", "0 rungs", "questions.toml is missing"):
        assert complaints.count(what) == 1, complaints


def bank_without_teeth(kata: Kata) -> None:
    """The scale is claimed, and not looked at; four pitfalls, that among them, are enough."""
    (bank,) = kata.banks
    text = bank.read_text(encoding="utf-8")
    assert "standard.scale(" in text
    bank.write_text(text.replace("standard.scale(", "standard.shape("), encoding="utf-8")
    pitfalls = kata.folder / "pitfalls.toml"
    some = pitfalls.read_text(encoding="utf-8").split("[[pitfall]]")[:4]
    pitfalls.write_text("[[pitfall]]".join(some), encoding="utf-8")


def test_the_gate_sees_a_bank_that_lost_its_teeth(session: Session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    bank_without_teeth(kata)
    gate = Gate(load(kata.folder), session, Verification(kata.slug, seed=1))
    gate.edits()
    missed = "no-scale is not caught by test_scores_are_divided_by_the_root_of_d_k"
    assert any(missed in problem for problem in gate.outcome.problems)


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("scores = scores / d_k", "convention spelled-so fails test_"),
        ("scores = scores * (1 / math.sqrt(d_k))", "spelled-so is not told by its answers"),
    ],
)
def test_the_gate_grades_right_alternatives(scale, said, session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    pitfalls = kata.folder / "pitfalls.toml"
    lines = pitfalls.read_text(encoding="utf-8").split("[[pitfall]]")[0]
    pitfalls.write_text(f'{lines}[[convention]]\nid = "spelled-so"\nedit.scale = "{scale}"\n')
    (kata.folder / "mistakes.toml").write_text('[spelled-so]\ntitle = "it is spelled so"\n')
    gate = Gate(load(kata.folder), session, Verification(kata.slug, seed=1))
    gate.edits()
    assert said in gate.outcome.problems[0]
    assert gate.outcome.conventions == 1


def test_what_can_be_graded_is_graded_beside_the_missing_paperwork(
    session: Session, tmp_path: Path
) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    bank_without_teeth(kata)
    for name in ("README.md", "stub.py", "hints.md", "questions.toml"):
        (kata.folder / name).unlink()
    steps: list[Step] = []
    outcome = verify(load(kata.folder), session, steps.append)
    told = "\n".join(outcome.problems)
    for what in ("README.md is missing", "3 pitfalls, at least 12", "is not caught by"):
        assert what in told
    assert outcome.checks == len(kata.announced)
    for stage in dict.fromkeys(step.stage for step in steps):
        counted = [step for step in steps if step.stage == stage]
        assert [step.done for step in counted] == list(range(counted[0].total + 1)), stage


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda text: f"{text}\nimport nowhere\n", "nowhere"),
        (lambda text: f"{text}\n\ndef test_without_a_family(candidate):\n    pass\n", "@check"),
    ],
)
def test_a_bank_that_cannot_be_run_is_said_once(spoil, complaint, session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    (bank,) = kata.banks
    bank.write_text(spoil(bank.read_text(encoding="utf-8")), encoding="utf-8")
    problems = verify(load(kata.folder), session).problems
    said = [p for p in problems if "the bank cannot be run" in p]
    assert len(said) == 1, problems
    assert complaint in said[0]
    assert not [p for p in problems if "names no check" in p]
    assert "no mistake was tried" in problems[-1]


@pytest.mark.parametrize(
    ("asked", "body", "said"),
    [
        ("candidate", "nowhere()", "NameError: name 'nowhere' is not defined (test_sdpa.py, line "),
        ("candidates", "pass", "asks for `candidates`, and there is draw, candidate, race"),
    ],
)
def test_an_error_of_the_bank_says_where(asked, body, said, session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    (bank,) = kata.banks
    with bank.open("a", encoding="utf-8") as file:
        file.write("\n\nfrom grader.bank import check\n\n\n@check('rules')\n")
        file.write(f"def test_of_nothing({asked}):\n    {body}\n")
    gate = Gate(load(kata.folder), session, Verification(kata.slug, seed=1))
    assert not gate.solution()
    assert said in gate.outcome.problems[0]


def test_an_error_of_the_solution_says_where(session: Session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    text = kata.solution.read_text(encoding="utf-8")
    kata.solution.write_text(text.replace("weights @ value", "weight @ value"), encoding="utf-8")
    line = text[: text.index("weights @ value")].count("\n") + 1
    gate = Gate(kata, session, Verification(kata.slug, seed=1))
    assert not gate.solution()
    assert f"NameError: name 'weight' is not defined (line {line}, with" in gate.outcome.problems[0]


def test_no_mistake_is_tried_on_a_solution_that_is_refused(session, tmp_path: Path) -> None:
    kata = copy_of(KATAS[0], tmp_path)
    text = kata.solution.read_text(encoding="utf-8")
    kata.solution.write_text(text.replace("mask == 0", "mask != 0"), encoding="utf-8")
    (kata.folder / "pitfalls.toml").write_text("")
    outcome = verify(load(kata.folder), session)
    assert any("the solution fails test_" in problem for problem in outcome.problems)
    assert "no mistake was tried" in outcome.problems[-1]
    assert outcome.edits == outcome.pairs == 0
