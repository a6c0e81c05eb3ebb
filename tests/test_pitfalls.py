"""Pitfalls as they are written: right beside wrong, said once, and an error for whoever slips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.author.gate import Gate, Verification, documents
from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.kata import Kata, KataError, load
from grader.kata.mutants import Pitfall, singles
from grader.kata.pitfalls import load_conventions, load_pitfalls
from grader.report.verdict import Report, Verdict

TABLE = """
title = "Turned pairs"
rung = 1
level = "junior"
par_minutes = 5
summary = "a quarter turn of every pair"

[entry]
name = "turn"
kind = "function"

[call]
x = "… D"

[returns]
axes = "… D"

[budget]
limit = 3.0
"""
SOLUTION = '''
import torch


def turn(x):
    """Turn every pair by a quarter, (a, b) to (-b, a)."""
    if x.numel():
        first, second = x.chunk(2, dim=-1)
        turned = (-second, first)
        return torch.cat(turned, dim=-1)
    return x
'''
LINES = """
[lines]
pairs = "first, second = x.chunk(2, dim=-1)"
turned = "turned = (-second, first)"
minus = "-second"
joined = "torch.cat(turned, dim=-1)"
"""
SIGN = """
[[pitfall]]
id = "no-sign"
check = "test_a"
edit.minus = "second"
"""
WORDS = """
[no-sign]
title = "nothing is negated"
explanation = "That is\\na reflection."
question = "Which sign?"
"""


def written(
    root: Path, pitfalls: str, words: str = WORDS, slug: str = "turn", solution: str = SOLUTION
) -> Kata:
    """A kata that consists of these texts."""
    folder = root / "katas" / slug
    folder.mkdir(parents=True)
    (root / "solutions").mkdir(exist_ok=True)
    (root / "solutions" / f"{slug}.py").write_text(solution, encoding="utf-8")
    for name, text in {"kata": TABLE, "pitfalls": pitfalls, "mistakes": words}.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(folder)


def only(kata: Kata) -> Pitfall:
    (pitfall,) = load_pitfalls(kata)
    return pitfall


def texts(kata: Kata, pitfall: Pitfall) -> list[str]:
    """What the edits make of the solution, line by line without what they leave alone."""
    solution = kata.solution.read_text(encoding="utf-8")
    kept = set(solution.splitlines())
    made = [mutant.text.splitlines() for mutant in singles([pitfall], solution)]
    return ["\n".join(line for line in text if line not in kept) for text in made]


# --- edits ------------------------------------------------------------------------------------


def test_every_spelling_is_an_edit_of_its_own(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + SIGN.replace('"second"', '["second", "abs(second)"]'))
    assert texts(kata, only(kata)) == [
        "        turned = (second, first)",
        "        turned = (abs(second), first)",
    ]


def test_what_has_no_name_is_quoted(tmp_path: Path) -> None:
    kata = written(tmp_path, SIGN.replace("edit.minus", 'edit."-second"'))
    assert texts(kata, only(kata)) == ["        turned = (second, first)"]


def test_further_lines_stand_as_deep_as_the_first(tmp_path: Path) -> None:
    more = SIGN.replace("edit.minus", "edit.turned").replace('"second"', '"if True:\\n    pass\\n"')
    kata = written(tmp_path, LINES + more)
    assert texts(kata, only(kata)) == ["        if True:\n            pass"]


def test_a_text_may_speak_of_other_lines(tmp_path: Path) -> None:
    more = SIGN.replace("edit.minus", "edit.joined").replace('"second"', '"2 * $joined"')
    kata = written(tmp_path, LINES + more)
    assert texts(kata, only(kata)) == ["        return 2 * torch.cat(turned, dim=-1)"]


def test_several_lines_are_edited_together(tmp_path: Path) -> None:
    more = '[[pitfall.together]]\nminus = "second"\njoined = "turned[0]"\n'
    kata = written(tmp_path, LINES + SIGN.replace('edit.minus = "second"\n', more))
    assert texts(kata, only(kata)) == ["        turned = (second, first)\n        return turned[0]"]


OTHER = """
[[remark]]
id = "other"
check = "test_b"
edit.joined = ["turned[0]", "turned[1]"]
"""
ALONE, BESIDE = "        turned = (second, first)", "\n        return turned[0]"


@pytest.mark.parametrize(
    ("field", "made"), [("also", [ALONE, ALONE + BESIDE]), ("with", [ALONE + BESIDE])]
)
def test_an_edit_goes_beside_the_first_of_another(
    field: str, made: list[str], tmp_path: Path
) -> None:
    kata = written(tmp_path, LINES + SIGN + f'{field} = ["other"]\n' + OTHER)
    pitfall, other = load_pitfalls(kata)
    assert texts(kata, pitfall) == made
    assert len(other.edits) == 2


def test_what_goes_beside_another_may_itself_come_with_a_third(tmp_path: Path) -> None:
    third = '[[remark]]\nid = "third"\ncheck = "test_b"\nedit.pairs = "pass"\n'
    more = SIGN + 'also = ["other"]\n' + OTHER + 'with = ["third"]\n' + third
    pitfall = load_pitfalls(written(tmp_path, LINES + more))[0]
    assert [len(edit.right) for edit in pitfall.edits] == [1, 3]


def test_only_edits_that_leave_room_go_beside_another(tmp_path: Path) -> None:
    more = SIGN + 'edit.joined = "turned"\nalso = ["other"]\n' + OTHER
    pitfall = load_pitfalls(written(tmp_path, LINES + more))[0]
    assert [len(edit.right) for edit in pitfall.edits] == [1, 1, 2]


def test_a_table_that_was_changed_is_read_again(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + SIGN)
    assert only(kata).check == "test_a"
    written_again = LINES + SIGN.replace("test_a", "test_another")
    (kata.folder / "pitfalls.toml").write_text(written_again, encoding="utf-8")
    assert only(kata).check == "test_another"


def test_what_is_declared_is_kept(tmp_path: Path) -> None:
    more = 'look = "cat"\nheatmap = true\ngrows = "rows"\nreading = { sums = "queries" }\n'
    pitfall = only(written(tmp_path, LINES + SIGN + more))
    assert (pitfall.look, pitfall.heatmap, pitfall.grows) == ("cat", True, "rows")
    assert pitfall.reading == (("sums", "queries"),)


# --- words ------------------------------------------------------------------------------------


def test_words_are_told_in_one_piece(tmp_path: Path) -> None:
    pitfall = only(written(tmp_path, LINES + SIGN))
    assert (pitfall.title, pitfall.explanation) == ("nothing is negated", "That is a reflection.")


def test_another_language_is_another_file_and_english_where_it_is_silent(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + SIGN)
    (kata.folder / "mistakes.de.toml").write_text('[no-sign]\ntitle = "kein Vorzeichen"\n')
    (german,) = load_pitfalls(kata, "de")
    assert (german.title, german.question) == ("kein Vorzeichen", "Which sign?")
    assert only(kata).title == "nothing is negated"
    assert not any("mistakes.de.toml" in problem for problem in documents(kata))


def test_the_gate_sees_words_that_are_missing_or_of_nothing(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + SIGN, "[no-sing]\ntitle = 'a'\n")
    for name in ("README.md", "stub.py", "hints.md", "questions.toml"):
        (kata.folder / name).write_text("", encoding="utf-8")
    problems = "\n".join(documents(kata))
    lacking = "title, explanation, question"
    assert f"pitfall no-sign has no {lacking}: write it in mistakes.toml" in problems
    assert "mistakes.toml speaks of no-sing, which is not in pitfalls.toml" in problems


# --- from another kata ------------------------------------------------------------------------

HEIR = SOLUTION.replace("joined", "j").replace("torch.cat(turned, dim=-1)", "torch.hstack(turned)")
BASE = SIGN + (
    'look = "cat"\nheatmap = true\nedit.joined = "$joined.abs()"\nedit.pairs = "first = x"\n'
)
TAKEN = '[[pitfall]]\nid = "no-sign"\nfrom = "base"\n'
OWN_LINES = '[lines]\nminus = "-second"\njoined = "torch.hstack(turned)"\n'


@pytest.fixture
def base(tmp_path: Path) -> Kata:
    return written(tmp_path, LINES + BASE, slug="base")


def test_what_is_not_said_here_is_as_it_is_there(base: Kata, tmp_path: Path) -> None:
    heir = written(tmp_path, OWN_LINES + TAKEN + 'check = "test_own"\n', "", "heir", HEIR)
    pitfall = only(heir)
    first = only(base)
    assert replace(pitfall, edits=first.edits, unplaced=(), check="test_a") == first
    assert pitfall.check == "test_own"
    assert texts(heir, pitfall) == [
        "        turned = (second, first)",
        "        return torch.hstack(turned).abs()",
    ]


def test_what_has_no_place_here_is_counted(base: Kata, tmp_path: Path) -> None:
    heir = written(tmp_path, OWN_LINES + TAKEN, "", "heir", HEIR)
    assert only(base).unplaced == ()
    assert only(heir).unplaced == ("pairs = 'first = x'",)


def test_single_words_and_lines_are_said_anew(base: Kata, tmp_path: Path) -> None:
    more = 'heatmap = false\nedit.minus = "0"\nedit.joined = []\n'
    words = '[no-sign]\ntitle = "another title"\n'
    pitfall = only(heir := written(tmp_path, OWN_LINES + TAKEN + more, words, "heir", HEIR))
    assert (pitfall.title, pitfall.question) == ("another title", only(base).question)
    assert (pitfall.look, pitfall.heatmap) == ("cat", False)
    assert texts(heir, pitfall) == ["        turned = (0, first)"]


def test_what_was_taken_over_is_taken_over_again(base: Kata, tmp_path: Path) -> None:
    written(tmp_path, OWN_LINES + TAKEN + 'edit.minus = "0"\n', "", "heir", HEIR)
    last = written(tmp_path, OWN_LINES + TAKEN.replace("base", "heir"), "", "last", HEIR)
    assert only(last).title == only(base).title
    assert texts(last, only(last)) == [
        "        turned = (0, first)",
        "        return torch.hstack(turned).abs()",
    ]


def test_the_gate_counts_what_found_no_place(base: Kata, session: Session, tmp_path: Path) -> None:
    heir = written(tmp_path, OWN_LINES + TAKEN, "", "heir", HEIR)
    (heir.folder / "test_heir.py").write_text(BANK)
    gate = Gate(heir, session, Verification("heir", seed=1))
    gate.edits()
    assert (gate.outcome.edits, gate.outcome.unplaced) == (2, 1)


# --- slips ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pitfalls", "fault"),
    [
        (LINES + SIGN.replace("edit.minus", "edit.minos"),
         r"`no-sign` edits `minos`, which is not under \[lines\]: did you mean `minus`\?"),
        (LINES + SIGN.replace("edit.minus", "edit.zebra"), r"under \[lines\]: add it"),
        (LINES + SIGN.replace('"second"', '"$secand"'),
         r"`no-sign` edits `secand`, which is not under \[lines\]"),
        (LINES + SIGN.replace('"second"', "3"), "`no-sign` replaces a line by 3, which is no text"),
        (LINES + 'gone = "not there"\n' + SIGN, "line `gone` does not stand in"),
        (LINES + 'first = "first"\n' + SIGN.replace("minus", "first"),
         "`no-sign` replaces `first`, which stands 2 times in turn.py .* exactly once"),
        (LINES + SIGN.replace("edit.minus", 'edit."+second"'), "which stands 0 times in turn.py"),
        (LINES + SIGN.replace('"second"', "[]"), "`no-sign` has no edit with a place here"),
        (LINES + SIGN.replace('edit.minus = "second"', 'edit = [{ right = "a", wrong = "b" }]'),
         "`no-sign` has edits that name no lines: write edit.LINE"),
        (LINES + SIGN + 'together = ["minus"]', "`no-sign` has a `together` without lines"),
        (LINES + SIGN + 'also = ["other"]', "`no-sign` goes with `other`, which is not there"),
        (LINES + SIGN + 'with = ["ohter"]' + OTHER, "not there: did you mean `other`"),
        (LINES + SIGN + 'also = ["other"]' + OTHER.replace("joined", "turned"),
         "goes with `other`, which has a place beside none of its edits"),
        (LINES + SIGN + 'with = ["other"]' + OTHER.replace("joined", "turned"),
         "`no-sign` replaces `turned = .*, which stands 0 times in turn.py by then"),
        (LINES + SIGN + 'with = ["other"]' + OTHER + 'with = ["no-sign"]',
         "`other` goes with `no-sign`, which goes with it: drop one of them"),
        (LINES + SIGN + 'from = "bse"', "`no-sign` is from `bse`, which is no kata"),
        (LINES + SIGN.replace("no-sign", "new") + 'from = "base"',
         "`new` is from `base`, which has none of this id: write it out here"),
        (LINES + SIGN + 'from = "turn"', "is from a kata that has it from here"),
        (LINES + SIGN + SIGN, "`no-sign` is there twice: give one of them another id"),
        (LINES + SIGN.replace('id = "no-sign"', ""), "a pitfall has no id: give it one"),
        (LINES + SIGN + "heatmpa = true", "has no field `heatmpa`: did you mean `heatmap`"),
        (LINES + SIGN.replace('check = "test_a"', ""), "`no-sign` names no check"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_place_and_its_remedy(
    pitfalls: str, fault: str, base: Kata, tmp_path: Path
) -> None:
    kata = written(tmp_path, pitfalls)
    with pytest.raises(KataError, match=fault) as error:
        load_pitfalls(kata)
    assert str(error.value).startswith(str(kata.folder / "pitfalls.toml"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("odd", ["also = 3", "reading = 3", "excludes = 3"])
def test_what_has_another_form_altogether_is_told_too(odd: str, tmp_path: Path) -> None:
    with pytest.raises(KataError, match=r"pitfalls\.toml is malformed: "):
        load_pitfalls(written(tmp_path, LINES + SIGN + odd))


def test_without_a_solution_there_is_nowhere_to_put_an_edit(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + SIGN)
    kata.solution.unlink()
    with pytest.raises(KataError, match=r"turn\.py: No such file"):
        load_pitfalls(kata)


# --- conventions ------------------------------------------------------------------------------

NEIGHBOURS = """
[[convention]]
id = "neighbours"
[[convention.together]]
pairs = "first, second = x[..., 0::2], x[..., 1::2]"
joined = "torch.stack(turned, dim=-1).flatten(-2)"
"""
NAMED = WORDS + '\n[neighbours]\ntitle = "pairs are neighbours"\n'
BANK = '''
import torch

from grader.bank import assert_matches, check


def halves(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def neighbours(x):
    return torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)


@check("equivalence")
def test_a(candidate, draw):
    """Every pair is turned, whichever way the pairs are taken."""
    x = draw(3, 6)
    (answer,) = candidate.each({"x": x})
    ways = [halves(x), neighbours(x)]
    assert_matches(answer, min(ways, key=lambda way: float((answer.output - way).abs().sum())))


@check("shape")
def test_b(candidate, draw):
    """One pair is a pair either way, and empty is empty."""
    candidate.each({"x": draw(5, 2)}, {"x": draw(0)})
'''


@pytest.fixture
def either(tmp_path: Path) -> Kata:
    """A kata with two right ways to do it."""
    kata = written(tmp_path, LINES + SIGN + NEIGHBOURS, NAMED)
    (kata.folder / "test_turn.py").write_text(BANK, encoding="utf-8")
    return kata


def graded(session: Session, kata: Kata, text: str) -> Report:
    return session.grade(kata, Source(Path("turn.py"), text, ""))


def other_way(kata: Kata) -> str:
    (convention,) = load_conventions(kata)
    return convention.edit.apply(SOLUTION) or ""


def test_another_right_way_is_accepted_and_noted(session: Session, either: Kata) -> None:
    report = graded(session, either, other_way(either))
    assert (report.verdict, report.stars) == (Verdict.ACCEPTED, 3)
    assert report.submission.notes == ("pairs are neighbours",)
    assert graded(session, either, SOLUTION).submission.notes == ()


def test_a_mistake_is_looked_for_in_the_way_that_was_chosen(session: Session, either: Kata) -> None:
    for text in (SOLUTION, other_way(either)):
        report = graded(session, either, text.replace("-second", "second"))
        assert report.verdict is Verdict.WRONG_ANSWER
        assert [f.pitfall for f in report.diagnosis.findings] == ["no-sign"]


def test_the_solutions_own_way_may_have_a_name_too(session: Session, tmp_path: Path) -> None:
    own = '[[convention]]\nid = "halves"\n'
    words = NAMED + '\n[halves]\ntitle = "pairs are halves"\n'
    kata = written(tmp_path, LINES + SIGN + NEIGHBOURS + own, words)
    (kata.folder / "test_turn.py").write_text(BANK, encoding="utf-8")
    assert graded(session, kata, SOLUTION).submission.notes == ("pairs are halves",)
    neighbours = load_conventions(kata)[0].edit.apply(SOLUTION) or ""
    assert graded(session, kata, neighbours).submission.notes == ("pairs are neighbours",)


def gate_of(session: Session, kata: Kata) -> list[str]:
    gate = Gate(kata, session, Verification(kata.slug, seed=1))
    gate.conventions(load_conventions(kata))
    assert gate.outcome.conventions == 1
    return gate.outcome.problems


def test_the_gate_proves_that_a_convention_is_right(session: Session, either: Kata) -> None:
    assert gate_of(session, either) == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (("x[..., 1::2]\"", "x[..., 1::2] * 2\""), "convention neighbours fails test_a"),
        (("x[..., 0::2], x[..., 1::2]", "x.chunk(2, -1)"), "convention neighbours fails test_a"),
        (("torch.stack(turned, dim=-1).flatten(-2)", "$joined + 0"),
         "convention neighbours fails test_a"),
    ],
)  # fmt: skip
def test_the_gate_refuses_a_convention_that_is_wrong(
    session: Session, either: Kata, spoil: tuple[str, str], problem: str
) -> None:
    table = either.folder / "pitfalls.toml"
    table.write_text(table.read_text(encoding="utf-8").replace(*spoil), encoding="utf-8")
    assert any(problem in found for found in gate_of(session, either))


def test_the_gate_refuses_a_convention_that_answers_like_the_solution(
    session: Session, either: Kata
) -> None:
    table = either.folder / "pitfalls.toml"
    same = '[[convention]]\nid = "neighbours"\nedit.joined = "torch.cat(turned, dim=-1) + 0"\n'
    table.write_text(LINES + SIGN + same, encoding="utf-8")
    (problem,) = gate_of(session, either)
    assert "convention neighbours is not told by its answers" in problem


def test_a_convention_is_one_edit(tmp_path: Path) -> None:
    kata = written(tmp_path, LINES + NEIGHBOURS + '[[convention.together]]\nminus = "second"\n')
    with pytest.raises(KataError, match="convention `neighbours` is several edits"):
        load_conventions(kata)
