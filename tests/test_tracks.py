"""Ladders: what stands on which, what was chosen, what is next, and what something builds on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.author.documents import documents
from grader.cli import cli
from grader.judge.compared import weighed
from grader.kata.kata import Kata, KataError, all_katas, find, load
from grader.kata.keys import ASKED, TRACKS
from grader.kata.refused import Refused
from grader.practice import attempts
from grader.practice.next import next_step
from grader.practice.standing import choose, standing
from grader.practice.store import Store
from tests.test_memory import report


def run(*arguments: str, home: Path) -> str:
    """What a command prints."""
    done = CliRunner().invoke(cli, [*arguments], env={"KATA_HOME": str(home)})
    return done.output


def test_every_kata_here_is_a_rung_and_stands_above_what_it_builds_on() -> None:
    rungs = {kata.slug: kata.rung for kata in all_katas()}
    for kata in all_katas():
        assert kata.track in TRACKS
        assert kata.track != "own"
        assert kata.asked in ASKED
        assert all(rungs[before] < kata.rung for before in kata.after)


def passed(store: Store, *slugs: str) -> None:
    for slug in slugs:
        attempts.record(store, find(slug), replace(report(), kata=slug), Path(f"{slug}.py"))


def test_the_next_rung_is_one_of_the_ladder_that_was_chosen(tmp_path: Path) -> None:
    katas, store = all_katas(), Store(tmp_path)
    assert next_step(standing(store, katas)).slug == "sdpa"
    choose(store, "serving")
    ladder = [kata.slug for kata in katas if kata.track == "serving"]
    turn = next_step(standing(store, katas))
    assert (turn.slug, turn.why) == (ladder[0], "the next rung of serving")
    passed(store, ladder[0])
    assert next_step(standing(store, katas)).slug == ladder[1]
    passed(store, *ladder[1:])
    turn = next_step(standing(store, katas))
    assert (turn.slug, turn.why) == ("sdpa", "serving is passed: the next rung")
    choose(store, "")
    assert next_step(standing(store, katas)).why == "the next rung"


def test_a_ladder_that_is_gone_is_as_if_none_was_chosen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    choose(store, "a ladder of a newer version")
    assert standing(store, all_katas()).track == ""


def test_a_list_shows_one_ladder_and_remembers_it(tmp_path: Path) -> None:
    said = run("list", "--track", "serving", home=tmp_path)
    assert "serving, chosen: " in said
    assert "kv-cache" in said
    assert "masked-dropout" not in said
    assert "the next rung of serving" in said
    both = run("list", home=tmp_path)
    assert "masked-dropout" in both
    assert "serving, chosen: " in both
    assert "chosen" not in run("list", "--track", "all", home=tmp_path)
    assert "no kata is a rung of the ladder `own`" in run("list", "--track", "own", home=tmp_path)


def test_what_builds_on_something_undone_says_so_and_is_begun(tmp_path: Path) -> None:
    begun = ("start", "causal-mask", "--dir", str(tmp_path / "work"), "--force")
    said = run(*begun, home=tmp_path / "home")
    assert "it builds on multi-head, not passed yet: kata start multi-head" in said
    assert (tmp_path / "work" / "causal-mask.py").exists()
    with Store(tmp_path / "home") as store:
        passed(store, "multi-head")
    assert "it builds on" not in run(*begun, home=tmp_path / "home")


@pytest.fixture
def copied(tmp_path: Path) -> Kata:
    """A kata whose paperwork may be spoilt."""
    for slug in ("self-attention", "sdpa"):
        shutil.copytree(find(slug).folder, tmp_path / "katas" / slug)
    return load(tmp_path / "katas" / "self-attention")


def written(kata: Kata, right: str, wrong: str) -> Kata:
    path = kata.folder / "kata.toml"
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    return load(kata.folder)


def test_what_it_builds_on_is_there_and_below_it(copied: Kata) -> None:
    assert not any("after" in problem for problem in documents(copied))
    lost = written(copied, 'after = ["sdpa"]', 'after = ["spda"]')
    assert "self-attention: kata.toml: after has 'spda': there is no such kata" in documents(lost)
    above = written(written(lost, "spda", "sdpa"), "rung = 2", "rung = 1")
    assert any("whose rung is not below 1" in problem for problem in documents(above))


@pytest.mark.parametrize("key", ["track", "asked"])
def test_a_ladder_or_a_word_that_is_none_is_refused(copied: Kata, key: str) -> None:
    said = getattr(copied, key)
    with pytest.raises(KataError, match=f"{key} = 'nowhere': it is one of"):
        written(copied, f'{key} = "{said}"', f'{key} = "nowhere"')


# --- beside each other ------------------------------------------------------------------------


def test_katas_are_compared_on_the_same_tokens(tmp_path: Path) -> None:
    said = run("show", "--compare", "sdpa", "causal-mask", home=tmp_path)
    first = next(line for line in said.splitlines() if "100" in line)
    assert first.endswith("▕100   0   0   0   0 ▏"), "the first token sees itself alone"
    assert "░30" in first, "and e¹ of e¹ + e⁰ + 2·e^½ + e^¾ where it sees all"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--compare", "flash"), "flash never holds its weights as one matrix: compare others"),
        (("sdpa", "rope"), "kata show --compare sdpa rope"),
        (("--compare", "sdpq"), "did you mean `sdpa`?"),
    ],
)
def test_what_cannot_be_compared_says_why(
    asked: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert said in run("show", *asked, home=tmp_path)


NOT_ONE = ("flash", "rope", "sliding-window")
"""Katas whose solution has no matrix of weights."""


@pytest.mark.parametrize("kata", all_katas(), ids=lambda kata: kata.slug)
def test_weights_that_are_shown_sum_to_one(kata: Kata) -> None:
    if kata.slug in NOT_ONE:
        with pytest.raises(Refused, match="never holds its weights"):
            weighed([kata])
        return
    (one,) = weighed([kata])
    assert all(abs(sum(row) - 1) < 1e-5 for row in one.weights)
    assert [len(row) for row in one.weights] == [5] * 5
