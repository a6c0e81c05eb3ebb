"""Whatever is said fits the screen: no word is broken, and none is lost, at 40 columns or 120."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from grader.kata.kata import all_katas, find
from grader.kata.pitfalls import load_pitfalls
from grader.practice.attempts import Attempt
from grader.practice.help import RUNG, Hint
from grader.practice.standing import KataStanding, Mistake, Standing
from grader.render.terminal import by_hand, help, pitfall, status, text
from grader.report.by_hand import ByHand, Worked
from grader.report.verdict import (
    CandidateFrame,
    Check,
    Diagnosis,
    Evidence,
    Finding,
    Heatmap,
    Report,
    Submission,
    Tier,
    Verdict,
)
from grader.report.words import folded

SDPA = find("sdpa")
WIDTHS = (40, 80, 120)
DEEP = 14
"""Columns that code may be indented by: what is longer than the rest of a line has to be cut."""
DAY = 86400.0
TRIED = Attempt(7, 0.0, "sdpa", "grade", Verdict.MEMORY_LIMIT, 0, 40, None, 61.0, 1, 5, "aa",
                ("no-scale", "mask-inverted"))  # fmt: skip
PASSED = Attempt(8, DAY, "sdpa", "grade", Verdict.ACCEPTED, 2, 90, 1.0, 300.0, 0, 5, "bb")
STANDING = Standing(
    2 * DAY,
    tuple(
        KataStanding(k.slug, k.title, k.level, k.par_minutes, 2, PASSED, TRIED, 300.0,
                     (Mistake("softmax-over-queries", "a title", 3, DAY, overcome=False),), 9 * DAY)
        for k in all_katas()
    ),
    3, (TRIED, PASSED),
)  # fmt: skip
CHECKS = tuple(
    Check(f"test_{family}", "What is claimed of it takes more words than a narrow screen has.",
          family, tier, verdict, "all the values are wrong in a way that takes many words")
    for family, tier, verdict in (
        ("shape", Tier.REQUIRED, Verdict.ACCEPTED),
        ("masking", Tier.REQUIRED, Verdict.WRONG_ANSWER),
        ("equivalence", Tier.STRETCH, Verdict.WRONG_ANSWER),
    )
)  # fmt: skip
FRAME = CandidateFrame(1, "f", "scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))")
WRONG = Report(
    "sdpa", 7, "cpu", 1.5,
    Submission("sdpa.py", "aa", "f", ("a note that is longer than forty columns can show it",),
               f"    {FRAME.text}\n"),
    (CHECKS[0],
     Check(**{**vars(CHECKS[1]), "evidence": Evidence(shapes="query (2, 5) = (…, L, d_k), key (3, "
              "5) = (…, S, d_k), value (3, 7) = (…, S, d_v)", frames=(FRAME,))}), CHECKS[2]),
    Diagnosis((Finding("softmax-over-queries", "the softmax runs over the wrong axis of scores",
                       "why", "What is asked here that is longer than a line?", 1),), 1, 1),
    evidence=("each query's weights sum to 0.661–1.298 over the keys, expected 1",),
    heatmap=Heatmap(((0.5,) * 6,) * 6, ((0.2,) * 6,) * 6, "without a mask"),
    output="a line of the candidate's own that is longer than forty columns are\n",
)  # fmt: skip
RIGHT = Report("sdpa", 7, "cpu", 1.5, WRONG.submission, (CHECKS[0], CHECKS[2]))
NUMBERS = (((0.91, 0.7553), (10.5, 3.25)),)
WORKED = ByHand(
    "hidden_dim=6, num_heads=2; weights are the identity times query 0.1, key 1, value 1",
    (Worked({"query": NUMBERS, "mask": NUMBERS}, NUMBERS, NUMBERS),
     Worked({"query": NUMBERS}, NUMBERS, failure=CHECKS[1])), output="a print\n",
)  # fmt: skip

SHOWN: dict[str, Callable[[int], RenderableType]] = {
    "list": lambda width: status.ladder_text(all_katas(), STANDING),
    "explain": lambda width: pitfall.to_text([(SDPA, p) for p in load_pitfalls(SDPA)]),
    "explain --list": lambda width: pitfall.list_text([(SDPA, p) for p in load_pitfalls(SDPA)]),
    "a wrong answer": lambda width: text.to_text(WRONG),
    "every check": lambda width: text.to_text(WRONG, verbose=True),
    "stars missing": lambda width: text.to_text(RIGHT),
    "a row": lambda width: text.to_row(WRONG, 12),
    "try": lambda width: by_hand.to_text(SDPA, WORKED),
    "hint": lambda width: help.hint_text(SDPA, Hint(RUNG, "1", "A title", "Some words. " * 30)),
    "solution": lambda width: help.solution_text(find("multi-head")),
    "yours beside it": lambda width: help.beside_text(SDPA, "sdpa.py", SDPA.text("stub.py")),
}
"""What is the same at every width."""
DROPPING: dict[str, Callable[[int], RenderableType]] = {
    "status": lambda width: status.standing_text(STANDING, width),
    "attempts": lambda width: status.attempts_text(SDPA, (TRIED, PASSED), 2 * DAY, width),
}
"""Tables that have fewer columns where there is no room for all."""


def lines(shown: RenderableType, width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False, no_color=True).print(shown)
    return file.getvalue().split("\n")


def words(found: list[str]) -> list[str]:
    """Words and how often each comes; where two blocks stand beside each other they mingle."""
    return sorted(word for line in found for word in line.split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("what", SHOWN)
def test_no_word_is_broken_or_lost(what: str, width: int) -> None:
    shown = lines(SHOWN[what](width), width)
    assert max(map(len, shown)) <= width
    wide = lines(SHOWN[what](400), 400)
    broken = Counter(words(wide)) - Counter(words(shown))
    assert [word for word in broken if len(word) <= width - DEEP] == []
    assert sorted("".join(words(shown))) == sorted("".join(words(wide))), "nothing is lost"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("what", DROPPING)
def test_a_table_shows_fewer_columns_but_no_broken_word(what: str, width: int) -> None:
    shown = lines(DROPPING[what](width), width)
    assert max(map(len, shown)) <= width
    more = {*words(lines(DROPPING[what](400), 400)), "7:", "no-scale,"}
    assert set(words(shown)) <= more
    assert "…" not in " ".join(shown)


def test_eighty_columns_have_room_for_all_of_the_status() -> None:
    said = " ".join(lines(DROPPING["status"](80), 80))
    for title in ("best", "last", "quickest of par", "due"):
        assert title in said


def test_attempts_name_their_mistakes_at_any_width() -> None:
    for width in WIDTHS:
        said = " ".join(lines(DROPPING["attempts"](width), width))
        assert "no-scale" in said
        assert "mask-inverted" in said


def test_further_lines_of_an_indented_one_are_indented() -> None:
    assert folded("  one two three four five", 20) == "  one two three four\n    five"
    assert folded("a/path/that/is/longer/than/a/line", 20) == "a/path/that/is/longer/than/a/line"
    assert folded("one\n\ntwo", 20) == "one\n\ntwo"


@pytest.mark.parametrize(
    "typed", ["", "grade spda", "explain no-such-mistake-anywhere", "nonsense"]
)
def test_on_a_terminal_lines_end_between_words(typed: str, tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    # Who runs tests side by side says how wide a terminal is, whatever it is.
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    said = pexpect.run(
        f"sh -c 'stty cols 40; exec {sys.executable} -m grader {typed}'", cwd=str(tmp_path),
        dimensions=(40, 40),  # which may come late, so that the shell says it as well
        env={**inherited, "TERM": "xterm", "KATA_HOME": str(tmp_path / "home"), "NO_COLOR": "1"},
    ).decode()  # fmt: skip
    assert said.strip()
    assert max(len(line) for line in said.replace("\r", "").split("\n")) <= 40
