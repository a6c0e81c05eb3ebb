"""The rounds that come with kata: each of them whole, possible and pleasant to hear."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from grader.judge.experiments.experiment import asked_of
from grader.kata.kata import all_katas
from grader.kata.paths import data_root

ROUNDS = data_root() / "rounds"
FILES = sorted(ROUNDS.glob("*.toml"))
KATAS = {kata.slug: kata for kata in all_katas()}
LEVELS = ("junior", "mid", "senior")
LENGTHS = (20, 30, 45)
SERVING = {"mid-40", "senior-60"}
"""Those that climb the serving ladder."""
COMMON = {"kind", "title", "minutes", "prompt", "look_for", "answer", "overrun"}
KINDS = {
    "talk": set(),
    "code": {"kata"},
    "prove": {"kata"},
    "twist": {"kata", "experiments"},
    "questions": {"count"},
    "close": set(),
}
SHORT = 25
"""Words; a prompt this short may be shared between rounds."""

Table = dict[str, Any]


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def table(file: Path) -> Table:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def of_kind(table: Table, *kinds: str) -> list[Table]:
    return [stage for stage in table["stage"] if stage["kind"] in kinds]


def words(text: str) -> int:
    return len(text.split())


def test_there_is_one_for_every_level_and_length() -> None:
    lengths = {f"{level}-{n}" for level in LEVELS for n in LENGTHS}
    assert {f.stem for f in FILES} == lengths | SERVING


def test_the_serving_ladder_is_climbed_by_two() -> None:
    for name in SERVING:
        table = tomllib.loads((ROUNDS / f"{name}.toml").read_text(encoding="utf-8"))
        assert {KATAS[stage["kata"]].track for stage in of_kind(table, "code")} == {"serving"}


def test_its_name_says_its_level_and_its_minutes(file: Path, table: Table) -> None:
    assert file.stem == f"{table['level']}-{table['minutes']}"
    assert set(table) == {"title", "level", "minutes", "stage"}
    assert table["title"].lower().startswith(table["level"])
    assert f"{table['minutes']} minutes" in table["title"]


def test_its_stages_fill_its_minutes(table: Table) -> None:
    assert all(stage["minutes"] > 0 for stage in table["stage"])
    assert sum(stage["minutes"] for stage in table["stage"]) == table["minutes"]


def test_stages_say_what_their_kind_needs_and_nothing_else(table: Table) -> None:
    for stage in table["stage"]:
        needed = KINDS[stage["kind"]]
        assert needed <= set(stage) <= needed | COMMON | {"katas"}, stage["title"]
        assert stage["prompt"].strip(), stage["title"]
        if stage["kind"] in ("prove", "twist"):
            assert stage["answer"].strip(), stage["title"]


def test_it_begins_with_talk_and_ends_with_its_only_close(table: Table) -> None:
    kinds = [stage["kind"] for stage in table["stage"]]
    assert kinds[0] == "talk"
    assert kinds[-1] == "close"
    counts = Counter(kinds)
    assert counts["close"] == counts["questions"] == 1
    assert counts["code"] >= 1
    assert counts["twist"] >= 1


def test_it_goes_up_the_ladder_and_never_down(table: Table) -> None:
    staged = [KATAS[s["kata"]] for s in of_kind(table, "code", "prove", "twist")]
    rungs = [kata.rung for kata in staged]
    assert rungs == sorted(rungs)
    coded = [stage["kata"] for stage in of_kind(table, "code")]
    assert len(coded) == len(set(coded)), "a kata is written once"


def test_what_is_shown_or_put_under_pressure_was_written_before(table: Table) -> None:
    written: set[str] = set()
    for stage in table["stage"]:
        if stage["kind"] == "code":
            written.add(stage["kata"])
        assert stage.get("kata") is None or stage["kata"] in written, stage["title"]


def test_its_experiments_can_be_asked_of_its_katas(table: Table) -> None:
    for stage in of_kind(table, "twist"):
        assert stage["experiments"], stage["title"]
        for name in stage["experiments"]:
            assert name in asked_of(KATAS[stage["kata"]]), (stage["title"], name)


def test_there_are_enough_questions_of_its_level(table: Table) -> None:
    for stage in of_kind(table, "questions"):
        drawn = stage.get("katas") or [s["kata"] for s in of_kind(table, "code")]
        asked = [q for slug in drawn for q in KATAS[slug].table("questions.toml")["question"]]
        fitting = [q for q in asked if q["level"] == table["level"]]
        assert 1 <= stage["count"] <= len(fitting)


def test_a_question_has_two_minutes_or_nearly(table: Table) -> None:
    for stage in of_kind(table, "questions"):
        assert stage["minutes"] / stage["count"] >= 2


def test_a_kata_gets_the_time_it_takes(table: Table) -> None:
    """Par for a junior; a mid or a senior may be asked to hurry."""
    for stage in of_kind(table, "code"):
        par = KATAS[stage["kata"]].par_minutes
        least = 1.0 if table["level"] == "junior" else 0.5
        assert stage["minutes"] >= least * par, stage["title"]


def test_seniors_start_further_up() -> None:
    lowest: dict[str, int] = {}
    for level in LEVELS:
        tables = [tomllib.loads((ROUNDS / f"{level}-{n}.toml").read_text()) for n in LENGTHS]
        slugs = [stage["kata"] for table in tables for stage in of_kind(table, "code")]
        lowest[level] = min(KATAS[slug].rung for slug in slugs)
    assert lowest["junior"] < lowest["mid"] < lowest["senior"]


def test_prompts_and_answers_are_short_enough_to_be_heard(table: Table) -> None:
    for stage in table["stage"]:
        assert words(stage["prompt"]) <= 90, stage["title"]
        assert words(stage.get("answer", "")) <= 120, stage["title"]
        assert 2 <= len(stage["look_for"]) <= 5, stage["title"]
        assert all(words(point) <= 16 for point in stage["look_for"]), stage["title"]


def test_no_long_prompt_stands_in_two_rounds() -> None:
    tables = [tomllib.loads(f.read_text(encoding="utf-8")) for f in FILES]
    prompts = [" ".join(s["prompt"].split()) for table in tables for s in table["stage"]]
    assert [p for p, times in Counter(prompts).items() if times > 1 and words(p) > SHORT] == []


def test_its_lines_are_tidy(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 100
