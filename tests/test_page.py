"""Reports as HTML: whole, quiet about strangers' markup, and the same in a real browser."""

from __future__ import annotations

import math
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from grader.interview.score.scorecard import (
    Asked,
    Dimension,
    Graded,
    Predicted,
    Scorecard,
    StageTime,
)
from grader.judge.session import Session
from grader.kata.kata import find
from grader.practice.attempts import Attempt
from grader.practice.standing import KataStanding, Mistake, Standing
from grader.render.html import page as pages
from grader.render.html.code import excerpt, whole
from grader.render.html.matrix import pictures, signed, unsigned
from grader.render.html.page import (
    attempt_fragment,
    attempt_page,
    history_page,
    is_page,
    round_page,
)
from grader.report.verdict import (
    Budget,
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
from grader.report.words import facts, printable, told_failure
from tests.conftest import grade

WHEN = 1_795_228_000.0
VOID = {"meta", "br", "img", "input", "link", "hr"}
SOLUTION = find("sdpa").solution.read_text(encoding="utf-8")
NO_SCALE = "print('so far')\n" + SOLUTION.replace("    scores = scores / math.sqrt(d_k)\n", "")
EVIL = (
    "</code></pre></style></title></details></svg>--><script>document.title='owned'</script>"
    '<img src=x onerror="document.title=\'owned\'">" onmouseover="owned" \' `<b>owned</b>` '
    "<a href=javascript:owned>&lt;{{ 7 * 7 }}{% raw %}&#60; \x1b[31m\u202e\0\x85]]> owned"
)


@dataclass
class Page(HTMLParser):
    """A page taken apart; whatever is not closed in order is an error."""

    text_of_page: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    """Text, each with the innermost element it stands in."""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text_of_page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, inside: str | None = None) -> str:
        return "".join(t for tag, t in self.texts if inside in (None, tag) and tag != "style")

    def count(self, tag: str, css_class: str = "") -> int:
        return sum(
            t == tag and (not css_class or css_class in (a.get("class") or "").split())
            for t, a in self.elements
        )

    @property
    def shapes(self) -> set[tuple[str, tuple[str, ...]]]:
        """Each element that occurs, with the names of its attributes and its classes."""
        return {(t, (*sorted(a), *(a.get("class") or "").split())) for t, a in self.elements}


# --- reports to show --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wrong(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A real grade, of the most common mistake; all other reports here are made from it."""
    file = tmp_path_factory.mktemp("page") / "sdpa.py"
    file.write_text(NO_SCALE)
    report = grade(session, find("sdpa"), file, seed=5)
    assert [f.pitfall for f in report.diagnosis.findings] == ["no-scale"]
    return replace(report, budget=Budget(1.25, 3.0))


def right(wrong: Report) -> Report:
    checks = tuple(replace(c, verdict=Verdict.ACCEPTED, message="") for c in wrong.checks)
    return replace(wrong, checks=checks, diagnosis=Diagnosis(), evidence=(), heatmap=None)


def stretched(wrong: Report) -> Report:
    checks = [
        c if c.tier is Tier.STRETCH else replace(c, verdict=Verdict.ACCEPTED) for c in wrong.checks
    ]
    return replace(right(wrong), checks=tuple(checks))


def crashed(wrong: Report) -> Report:
    frames = (CandidateFrame(5, "outer", "import torch"), CandidateFrame(6, "inner", "from x"))
    evidence = Evidence(shapes="query (2, 3)", frames=frames)
    check = replace(
        wrong.checks[0], verdict=Verdict.RUNTIME_ERROR, message="ValueError: no", evidence=evidence
    )
    return replace(right(wrong), checks=(check, *wrong.checks[1:]))


def refused(wrong: Report) -> Report:
    frames = (CandidateFrame(2, "", "def f(:"),)
    check = Check(
        "submission", "The submission loads", "rules", Tier.REQUIRED, Verdict.INVALID_SUBMISSION,
        "sdpa.py, line 2: invalid syntax", 0.0, Evidence(frames=frames),
    )  # fmt: skip
    submission = Submission("sdpa.py", "ab")
    return Report("sdpa", 1, "cpu", 0.1, submission, failure=check)


def ours(wrong: Report) -> Report:
    failure = replace(refused(wrong).first_failure or wrong.checks[0])
    return replace(refused(wrong), failure=replace(failure, verdict=Verdict.INTERNAL_ERROR))


def hostile(wrong: Report) -> Report:
    """Markup in every text that anybody could have a hand in."""
    evidence = Evidence(
        (0, 0), math.nan, 1.0, EVIL, (EVIL,), (CandidateFrame(3, EVIL, EVIL),), EVIL
    )
    checks = tuple(
        replace(c, message="" if c.passed else EVIL, title=EVIL, evidence=evidence)
        for c in wrong.checks
    )
    finding = Finding(EVIL, EVIL, EVIL, EVIL, 3)
    assert wrong.heatmap is not None
    return replace(
        wrong,
        submission=Submission(f"/tmp/{EVIL}", EVIL, EVIL, (EVIL,), f"{EVIL}\n# {EVIL}\n'{EVIL}'\n"),
        checks=checks,
        diagnosis=Diagnosis((finding,), 1, 2),
        evidence=(EVIL,),
        heatmap=replace(wrong.heatmap, caption=EVIL),
        output=f"{EVIL}\n{EVIL}\n",
        device=EVIL,
        confinement=EVIL,
        kata=EVIL,
    )


KINDS: dict[str, Callable[[Report], Report]] = {
    "wrong": lambda wrong: wrong,
    "right": right,
    "stretched": stretched,
    "crashed": crashed,
    "refused": refused,
    "ours": ours,
    "noted": lambda wrong: replace(
        wrong,
        submission=replace(wrong.submission, notes=("a note",)),
        diagnosis=Diagnosis(wrong.diagnosis.findings * 2, 1, 3),
    ),
}


def attempts(words: str = "no-scale") -> Iterator[Attempt]:
    for n in range(1, 13):
        accepted = n % 3 == 0
        verdict = Verdict.ACCEPTED if accepted else Verdict.WRONG_ANSWER
        mistakes = () if accepted else (words,)
        yield Attempt(
            n, WHEN - (12 - n) * 40_000, "sdpa", words, verdict, 2 * accepted, 40 + 5 * n, 1.2,
            60.0 * n, n % 2, 7, "ab", mistakes,
        )  # fmt: skip


def standing(words: str = "no-scale") -> Standing:
    made = tuple(attempts(words))
    mistakes = (
        Mistake(words, words, 3, WHEN, overcome=True),
        Mistake(words, words, 1, WHEN, overcome=False),
    )
    stands = (
        KataStanding("sdpa", words, "junior", 8, 12, made[-1], made[-1], 900.0, mistakes, WHEN - 9),
        KataStanding("rope", words, "mid", 10, 0, None, None, None, (), None),
        KataStanding("flash", words, "mid", 10, 1, made[0], made[0], 60.0, (), WHEN + 90_000),
    )
    return Standing(WHEN, stands, 2, made)


def card(words: str = "some words") -> Scorecard:
    return Scorecard(
        3, words, words, WHEN, ended=True, hosted=False, elapsed=1711.0, hire="leaning hire",
        dimensions=(Dimension(words, 3, (words,)), Dimension(words, None, ())),
        stages=(StageTime(words, words, 240, 221, overrun=False),
                StageTime(words, words, 10, 611, overrun=True)),
        questions=(Asked(words, words, f"{words}\n{words}", words, (words,), 3, (words,)),
                   Asked(words, "", "", "", (), None, ())),
        predictions=(Predicted(words, words, words, True, (words, words)),
                     Predicted(words, words, words, False, ()),
                     Predicted(words, "", "", None, ())),
        grades=(Graded("sdpa", "wrong_answer", 0, 402.0, (words,), 12),
                Graded("sdpa", "accepted", 3, 588.0, (), None)),
        notes=(words,), practise=(words,),
    )  # fmt: skip


def every_page(wrong: Report, report: Report, words: str) -> dict[str, str]:
    latest = [(one, report) for one in list(attempts(words))[-2:]]
    return {
        "attempt": attempt_page(report, when=WHEN),
        "history": history_page(standing(words), latest),
        "round": round_page(card(words)),
    }


@pytest.fixture(scope="module")
def benign(wrong: Report) -> dict[str, str]:
    made = {f"attempt {kind}": attempt_page(make(wrong), when=WHEN) for kind, make in KINDS.items()}
    made["history empty"] = history_page(Standing(WHEN, standing().katas[1:2], 0, ()), [])
    return made | every_page(wrong, wrong, "plain words")


# --- structure --------------------------------------------------------------------------------


def test_pages_are_whole_documents_that_say_what_they_are(benign: dict[str, str]) -> None:
    for name, text in benign.items():
        page = Page(text)
        assert text.startswith("<!DOCTYPE html>"), name
        assert dict(page.elements)["html"] == {"lang": "en"}
        assert page.count("main") == 1
        assert next(text for tag, text in page.texts if tag == "title").endswith("· kata")
        assert is_page(text[:4096])
        policy = next(a for t, a in page.elements if "http-equiv" in a)
        assert policy["http-equiv"] == "Content-Security-Policy"
        assert (policy["content"] or "").startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "<title>sdpa: wrong answer · kata</title>" in benign["attempt"]


def test_one_first_heading_and_no_level_left_out(benign: dict[str, str]) -> None:
    for name, text in benign.items():
        levels = [int(t[1]) for t, _ in Page(text).elements if re.fullmatch(r"h[1-6]", t)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(b <= a + 1 for a, b in pairwise(levels)), name


def test_pages_need_nothing_from_anywhere(benign: dict[str, str]) -> None:
    for name, text in benign.items():
        assert re.search(r"//\w|https?:|url\(|@import|javascript:", text) is None, name
        page = Page(text)
        tags = {tag for tag, _ in page.elements}
        assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"}), name
        attributes = {a for _, attrs in page.elements for a in attrs}
        assert attributes.isdisjoint({"src", "href", "srcset", "action", "data"}), name
        assert not any(a.startswith("on") for a in attributes), name


def test_tables_and_drawings_can_be_read_aloud(benign: dict[str, str]) -> None:
    for name, text in benign.items():
        for tag, attributes in Page(text).elements:
            if tag == "th":
                assert attributes.get("scope") in {"col", "row", "rowgroup"}, name
            if tag == "svg":
                labelled = attributes.get("role") == "img" and attributes.get("aria-label")
                assert labelled or attributes.get("aria-hidden") == "true", name


def test_styles_of_a_fragment_stay_inside_it(wrong: Report) -> None:
    fragment = attempt_fragment(wrong)
    page = Page(fragment)
    assert page.elements[0][0] == "style"
    assert {"html", "head", "body", "h1", "h2", "meta"}.isdisjoint(t for t, _ in page.elements)
    style = re.sub(r"/\*.*?\*/", "", page.text_of_page.partition("</style>")[0], flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", style.removeprefix("\n").replace("<style>", ""))
    assert len(selectors) > 50
    for selector in (s.strip() for s in selectors):
        assert selector.startswith((".kata", "@media")), selector
        outside = re.sub(r"\([^)]*\)", "", selector)  # what :is(a, b) lists is inside
        if not selector.startswith("@"):
            assert all(one.strip().startswith(".kata") for one in outside.split(",")), selector


def test_a_notebooks_own_sheet_has_no_say_about_names_and_their_texts(wrong: Report) -> None:
    """It lets every `dt` float, and is as specific as a class and an element."""
    sheet = attempt_fragment(wrong).partition("</style>")[0]
    rule = re.search(r"^(\.kata\.kata) :is\(dl, dt, dd\) \{(.*)\}$", sheet, re.MULTILINE)
    assert rule is not None
    for property_ in ("float: none", "clear: none", "width: auto", "position: static"):
        assert property_ in rule[2]
    assert rule.start() < sheet.index(".kata .facts dt"), "our own rules come later"


def test_every_swatch_of_a_legend_is_seen(benign: dict[str, str]) -> None:
    legends = re.findall(r'<p class="legend">(.*?)</p>', benign["history"], re.DOTALL)
    swatches = {name for text in legends for name in re.findall(r'<rect class="(\w+)"', text)}
    assert swatches == {"right", "wrong", "ground", "fill"}
    sheet = re.sub(r"\s+", " ", benign["history"])
    assert re.search(
        r"\.kata \.legend \.ground \{[^}]*fill: var\(--sunk\); stroke: var\(--soft\)", sheet
    )


# --- content ----------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_page_tells_all_that_the_report_knows(wrong: Report, benign: dict[str, str]) -> None:
    page = Page(benign["attempt"])
    text = squeezed(page.text())
    failure = told_failure(wrong)
    assert failure is not None
    for label, fact in facts(wrong, failure):
        assert fact.replace("`", "") in text, label
    for finding in wrong.diagnosis.findings:
        assert squeezed(finding.explanation).replace("`", "") in text
    for check in wrong.checks:
        assert squeezed(check.title).replace("`", "") in text
        assert check.message.replace("`", "") in text
    assert page.text("mark").strip().startswith("scores = query @ key.transpose")
    tiers = [t for tag, t in page.texts if tag == "td" and t in {"required", "stretch"}]
    assert sorted(tiers) == sorted(c.tier for c in wrong.checks)
    assert f"{wrong.score}of 100" in page.text("text").replace("\n", "")
    for said in (
        str(wrong.seed),
        wrong.submission.sha256,
        f"confinement{wrong.confinement}",
        "so far ×",
    ):
        assert said in text, said
    assert "21 November 2026" in text or "20 November 2026" in text
    code = "".join(t for tag, t in page.texts if tag in {"code", "mark", "span", "pre"})
    assert all(line.strip() in code for line in wrong.submission.source.splitlines()[:1])


def test_the_source_comes_through_unchanged(wrong: Report) -> None:
    odd = 'a = """\n\n  two\n"""\n\tb = `c`\n\n\nx = "unclosed\n\x0c# form feed\n'
    for source in (wrong.submission.source, odd, "\n\n# first\n"):
        report = replace(wrong, submission=replace(wrong.submission, source=source))
        lines = whole(report)
        assert "\n".join("".join(t for _, t in line.parts) for line in lines) == source.rstrip("\n")
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_sources_made_to_be_slow_are_not(wrong: Report) -> None:
    """Steps that grow with the square of such a source would not end before the test's timeout."""
    for source in (
        "'" * 30_000,
        "(" * 30_000,
        '"""' + "\\" * 30_000,
        "f'{" * 20_000,
        "x" * 262_000,
    ):
        report = replace(wrong, submission=replace(wrong.submission, source=source))
        attempt_page(report)
    plain = whole(replace(wrong, submission=replace(wrong.submission, source="# long\n" * 20_000)))
    assert plain[0].parts == (("", "# long"),), "too long to be coloured"


def test_a_mistake_is_shown_with_the_lines_around_it(wrong: Report) -> None:
    far = replace(wrong.diagnosis.findings[0], line=2)
    report = replace(wrong, diagnosis=Diagnosis((*wrong.diagnosis.findings, far), 1, 1))
    failure = told_failure(report)
    assert failure is not None
    lines = excerpt(report, failure)
    assert [line.number for line in lines if line.marked] == [2, far_line(wrong)]
    assert [line.number for line in lines if line.gap] == [far_line(wrong) - 2]
    assert lines[-1].number == far_line(wrong) + 2
    assert "⋯" in attempt_page(report)


def far_line(wrong: Report) -> int:
    line = wrong.diagnosis.findings[0].line
    assert line is not None
    return line


def test_a_crash_shows_the_lines_it_went_through(wrong: Report) -> None:
    page = Page(attempt_page(crashed(wrong)))
    assert "ValueError: no" in page.text()
    assert page.count("mark") == 4, "in the excerpt and in the whole text"
    numbers = [t for tag, t in page.texts if tag == "span" and t.isdigit()]
    assert numbers[:4] == ["4", "5", "6", "7"], "lines 3 and 8 are blank"
    assert "<figcaption>sdpa.py:6</figcaption>" in page.text_of_page, "where it raised"


def test_headlines_follow_the_verdict(wrong: Report) -> None:
    said = {
        "right": "Nothing to remark",
        "stretched": "What would earn another star",
        "wrong": "The mistake",
        "noted": "The mistakes",
        "refused": "What went wrong",
        "ours": "What went wrong with the grader",
    }
    for kind, headline in said.items():
        assert f">{headline}</h2>" in attempt_page(KINDS[kind](wrong)), kind


def test_repeated_prints_are_told_once_and_the_rest_is_counted(wrong: Report) -> None:
    many = "".join(f"{n}\n" for n in range(500))
    text = squeezed(Page(attempt_page(replace(wrong, output=f"a\na\na\nb\n{many}"))).text())
    assert "a ×3" in text
    assert "… and 102 more lines" in text


def test_weights_are_drawn_as_numbers_signs_and_crosses(wrong: Report) -> None:
    mine = ((0.5, math.nan, -0.25), (math.inf, 1.7, 0.0))
    report = replace(wrong, heatmap=Heatmap(mine, ((0.25, 0.5, 0.25), (0.0, 0.2, 0.8)), "masked"))
    assert report.heatmap is not None
    yours, _, apart = pictures(report.heatmap)
    assert [s.label for s in yours.squares] == [".50", "NaN", "−.25", "∞", "1.7", "0"]
    assert [s.odd for s in yours.squares] == [False, False, True, True, True, False]
    assert [s.label for s in apart.squares] == ["+.25", "NaN", "−.50", "+∞", "+1.5", "−.80"]
    assert [s.kind for s in apart.squares] == ["more", "nan", "less", "more", "more", "less"]
    assert yours.squares[0].title == "query 0, key 0: 0.5"
    page = Page(attempt_page(report))
    assert page.count("g", "square") == 18
    assert page.count("g", "odd") == 3
    assert page.count("path", "cross") == page.count("g", "nan") == 2
    assert page.text("title").count("query 1, key 1: 1.7") == 1
    assert "keys →" in page.text("text")
    assert "← queries" in page.text("text")


def test_matrices_that_cannot_be_compared_have_no_difference(wrong: Report) -> None:
    assert len(pictures(Heatmap(((1.0,),), ((0.5, 0.5),), ""))) == 2
    assert len(pictures(Heatmap((), (), ""))) == 3
    wide = Heatmap((tuple([1 / 20] * 20),), (tuple([1 / 20] * 20),), "")
    assert ">.05<" not in attempt_page(replace(wrong, heatmap=wide)), "no room for numbers"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.004, "0"), (-0.004, "0"), (0.126, ".13"), (-0.5, "−.50"), (0.996, "1"),
     (1.25, "1.2"), (12.3, "12"), (-3e20, "−3e20"), (1e5, "1e5"), (-math.inf, "−∞")],
)  # fmt: skip
def test_weights_in_few_characters(value: float, text: str) -> None:
    assert unsigned(value) == text
    assert signed(value) == ("+" + text if value > 0 and text != "0" else text)


@pytest.mark.parametrize(
    ("ratio", "end", "over", "cut"),
    [(1.5, "40.0%", 0, 0), (3.6, "96.0%", 1, 0), (90, "100.0%", 1, 1)],
)  # fmt: skip
def test_time_is_drawn_against_the_limit(
    wrong: Report, ratio: float, end: str, over: int, cut: int
) -> None:
    page = Page(attempt_page(replace(wrong, budget=Budget(ratio, 3.0))))
    fill = next(a for t, a in page.elements if t == "rect" and (a.get("width") or "") == end)
    assert fill["class"] == "fill"
    assert [a["x1"] for t, a in page.elements if t == "line" and a["class"] == "limit"] == ["80.0%"]
    assert page.count("svg", "over") == over
    assert page.text("text").count("▸") == cut
    assert "was not run" in attempt_page(replace(wrong, budget=Budget(None, 3.0)))


def test_history_tells_what_stands_where_and_what_was_overcome(wrong: Report) -> None:
    stands = standing()
    text = history_page(stands, [(stands.attempts[-1], wrong), (stands.attempts[-2], wrong)])
    page = Page(text)
    said = squeezed(page.text())
    assert page.count("details", "attempt") == 2
    marks = [a for t, a in page.elements if t == "circle" and a.get("class") in {"right", "wrong"}]
    assert [m["class"] for m in marks] == (["wrong", "wrong", "right"] * 4)
    heights = [float(m["cy"] or 0) for m in marks]
    assert heights == sorted(heights, reverse=True), "scores that rise go up"
    assert "attempt 12: accepted, 100/100 ★★☆" in said
    assert "attempt 1: wrong answer, 45/100, no-scale" in said
    assert "✓ overcome" in said
    assert "✗ to overcome" in said
    assert "15:00 of 8 min" in said
    assert page.count("svg", "late") == 2, "the bar beyond par, and the legend"
    assert "12 attempts, 2 days in a row" in said
    tall = [a for t, a in page.elements if t == "rect" and a.get("class") in {"right", "wrong"}]
    assert sum(float(a["height"] or 0) for a in tall) > 88


def test_an_empty_history_says_how_to_begin() -> None:
    text = history_page(Standing(WHEN, standing().katas[1:2], 0, ()), [])
    assert "<code>kata start rope</code>" in text
    assert "Nothing graded yet" in text
    assert "<h2>Mistakes</h2>" not in text
    assert "<h1>" in history_page(Standing(WHEN, (), 0, ()), [])


def test_long_histories_are_drawn_by_weeks() -> None:
    from grader.render.html.charts import days

    first = replace(next(attempts()), at=WHEN - 200 * 86_400)
    chart = days(replace(standing(), attempts=(first, *attempts())))
    assert chart is not None
    assert (chart.per_bar, len(chart.bars)) == (7, 29)
    assert "1 attempts, 0 accepted" in chart.bars[0].title


def test_a_scorecard_shows_all_that_was_said() -> None:
    page = Page(round_page(card()))
    said = squeezed(page.text())
    assert page.count("i", "on") == 6, "three of four, of a dimension and of a question"
    for words in (
        "leaning hire", "28:31 of 4:10", "10:11", ", overrun", "✓ foreseen", "✗ not foreseen",
        "not answered", "A model answer some words", "6:42",
    ):  # fmt: skip
        assert words in said, words
    assert "not finished" in round_page(replace(card(), ended=False, hire="undecided"))


# --- strangers' words -------------------------------------------------------------------------


def test_markup_in_any_field_is_shown_and_never_obeyed(
    wrong: Report, benign: dict[str, str]
) -> None:
    known = set().union(*(Page(text).shapes for text in benign.values()))
    for name, text in every_page(wrong, hostile(wrong), EVIL).items():
        page = Page(text)
        assert page.shapes - known == set(), name
        for _, attributes in page.elements:
            obeyed = {a for a, value in attributes.items() if "owned" in (value or "")}
            assert obeyed <= {"aria-label"}, name
        shown = page.text()
        assert "<script>document.title='owned'</script>" in shown
        assert "{{ 7 * 7 }}{% raw %}&#60;" in shown
        assert all(c.isprintable() or c in "\n\t" for c in shown), name
        assert shown.count("onmouseover") >= 12, name


def test_each_field_of_a_report_is_shown(wrong: Report) -> None:
    """Every text anybody could have a hand in, marked by its own word."""
    said = {
        name: f"<{name}>\x1b" for name in "path sha entry note message shapes fact print".split()
    }
    said["path"] = f"folder/{said['path']}"
    failure = told_failure(wrong)
    assert failure is not None
    checks, failing = list(wrong.checks), wrong.checks.index(failure)
    checks[failing] = replace(
        checks[failing], message=said["message"], evidence=Evidence(shapes=said["shapes"])
    )
    report = replace(
        wrong, checks=tuple(checks), evidence=(said["fact"],), output=said["print"],
        submission=Submission(said["path"], said["sha"], said["entry"], (said["note"],), "x = 1\n"),
    )  # fmt: skip
    shown = Page(attempt_page(report)).text()
    for name, text in said.items():
        assert printable(text) in shown, name


def test_paths_that_are_not_even_text_are_shown(wrong: Report) -> None:
    path = b"a\xffb\n.py".decode("utf-8", "surrogateescape")
    text = attempt_page(replace(wrong, submission=replace(wrong.submission, path=path)))
    assert "a·b" in text.encode().decode()


# --- in a real browser ------------------------------------------------------------------------

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync"
)
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND"
"""The browser's own errands find nobody either."""


@dataclass
class Browser:
    program: str
    folder: Path
    runs: int = 0

    def __call__(self, text: str, *flags: str) -> subprocess.CompletedProcess[str]:
        self.runs += 1
        file = self.folder / f"page-{self.runs}.html"
        file.write_text(text, encoding="utf-8")
        profile = self.folder / f"profile-{self.runs}"
        return subprocess.run(
            [self.program, *FLAGS.split(), NO_NAMES, f"--user-data-dir={profile}", *flags,
             file.as_uri()],
            capture_output=True, text=True, timeout=60, check=True, errors="replace",
        )  # fmt: skip

    def picture(self, text: str, *flags: str) -> tuple[set[bytes], float]:
        """The colours of the first screenful, and how light they are on average."""
        file = self.folder / f"shot-{self.runs}.png"
        self(text, f"--screenshot={file}", "--window-size=500,420", *flags)
        colours = pixels(file.read_bytes())
        return set(colours), sum(sum(c) for c in colours) / (3 * len(colours))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium here: `apt-get install chromium`")
    return Browser(program, tmp_path_factory.mktemp("browser"))


def pixels(png: bytes) -> list[bytes]:
    """The pixels of an 8-bit RGB(A) picture without interlacing."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    size = {2: 3, 6: 4}[kind]
    chunks, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            chunks += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride, found = zlib.decompress(chunks), width * size, []
    above = bytearray(stride)
    for y in range(height):
        method, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 :][:stride])
        for i in range(stride):
            left, up = line[i - size] if i >= size else 0, above[i]
            corner = above[i - size] if i >= size else 0
            guess = left + up - corner
            near = min((left, up, corner), key=lambda c: abs(guess - c))
            line[i] = line[i] + (0, left, up, (left + up) // 2, near)[method] & 0xFF
        found += [bytes(line[i : i + 3]) for i in range(0, stride, size)]
        above = line
    return found


def test_a_browser_runs_nothing_that_a_submission_wrote(wrong: Report, browser: Browser) -> None:
    done = browser(attempt_page(hostile(wrong)), "--dump-dom", "--enable-logging=stderr")
    page = Page(done.stdout)
    title = next(text for tag, text in page.texts if tag == "title")
    assert title.endswith(": wrong answer · kata")
    assert {"script", "img", "a", "b"} & {t for t, a in page.elements if not a} <= {"b"}
    assert not any(t in {"script", "img", "a"} for t, _ in page.elements)
    assert "CONSOLE" not in done.stderr, "nothing was even refused"


def test_the_policy_stops_what_escaping_would_let_through(wrong: Report, browser: Browser) -> None:
    script = "<script>document.title = 'owned'</script>"
    text = attempt_page(wrong).replace("</main>", f"{script}</main>")
    done = browser(text, "--dump-dom", "--enable-logging=stderr")
    assert "<title>sdpa: wrong answer · kata</title>" in done.stdout
    assert "Content Security Policy" in done.stderr


def test_a_browser_asks_nobody(benign: dict[str, str], browser: Browser) -> None:
    def asked(text: str) -> list[str]:
        """What the page wanted from the network; the browser's own errands are not its doing."""
        log = browser.folder / "net.json"
        browser(text, "--dump-dom", f"--log-net-log={log}")
        requests = re.findall(r'"initiator":"([^"]*)".*"url":"([^"]*)', log.read_text())
        return [url for initiator, url in requests if initiator != "not an origin"]

    assert asked('<img src="http://127.0.0.1:9/x.png">') == ["http://127.0.0.1:9/x.png"]
    assert asked(benign["history"]) == []


def test_pages_are_light_by_day_and_dark_by_night(wrong: Report, browser: Browser) -> None:
    day, light = browser.picture(attempt_page(wrong))
    night, dark = browser.picture(attempt_page(wrong), "--blink-settings=preferredColorScheme=0")
    assert len(day) > 100
    assert len(night) > 100
    assert light > 200
    assert dark < 80


def test_nothing_sticks_out_of_a_narrow_screen(
    wrong: Report, benign: dict[str, str], browser: Browser
) -> None:
    long = "unbroken" * 60
    awkward = replace(
        wrong,
        submission=replace(wrong.submission, path=long, notes=(long,)),
        evidence=(long,),
        checks=tuple(replace(c, message=long) for c in wrong.checks),
        budget=Budget(90.0, 3.0),
    )
    shown = {"long": attempt_page(awkward), **{n: benign[n] for n in ("history", "round")}}
    frames = ""
    for name, text in shown.items():
        (browser.folder / f"{name}.html").write_text(text)
        frames += f'<iframe src="{name}.html" style="width:320px;height:600px"></iframe>'
    script = """<script>onload = () => document.title = [...document.querySelectorAll("iframe")]
        .map(f => f.contentDocument.documentElement.scrollWidth).join(" ")</script>"""
    done = browser(frames + script, "--dump-dom", "--allow-file-access-from-files")
    assert re.findall(r"<title>(.*)</title>", done.stdout) == ["320 320 320"]


def test_on_paper_everything_is_unfolded(wrong: Report, browser: Browser) -> None:
    def paper(text: str) -> int:
        file = browser.folder / "paper.pdf"
        browser(text, f"--print-to-pdf={file}", "--no-pdf-header-footer")
        return len(re.findall(rb"/Type\s*/Page\b", file.read_bytes()))

    folded = [(one, wrong) for one in list(attempts())[-2:]]
    alone, full = paper(history_page(standing(), [])), paper(history_page(standing(), folded))
    assert alone >= 1
    assert full >= alone + 4, "two attempts of several pages each"


def test_pages_know_each_other() -> None:
    assert not is_page("<!DOCTYPE html><title>mine</title>")
    assert is_page(f"<head>{pages.GENERATOR}")


def test_no_rule_names_a_pseudo_element_where_browsers_drop_the_whole_rule() -> None:
    """`:is(::before)` matches nothing: the rule that says it says nothing."""
    sheets = [sheet.read_text("utf-8") for sheet in sorted(pages.TEMPLATES.glob("*.css"))]
    assert len(sheets) == 2
    assert [found for text in sheets for found in re.findall(r":is\([^)]*::[^)]*\)", text)] == []
