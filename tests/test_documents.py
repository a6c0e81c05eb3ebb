"""Documents that repeat what the code knows say the same as the code."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.shell_completion import get_completion_class

import grader.bank
from grader.author import documents as gate
from grader.author.gate import verify
from grader.bank import Definition, standard
from grader.bank.candidate import Layer
from grader.bank.draw import Draw
from grader.bank.standard.claim import Claim
from grader.cli import cli
from grader.exchange.local import LazySolution
from grader.interview.round import rounds
from grader.interview.round.plan import Stage
from grader.interview.round.rounds import KINDS
from grader.judge.bank_run import OFFERS
from grader.judge.by_hand import matrices, requests
from grader.judge.experiments.experiment import EXPERIMENTS
from grader.judge.session import Session
from grader.kata.glossary import MEANINGS
from grader.kata.kata import BANNED, Kata, all_katas, find, load
from grader.kata.keys import ROWS, TABLES, TOP
from grader.kata.pitfalls import load_pitfalls
from grader.kata.written import FIELDS, WORDS
from grader.report.verdict import FAMILIES, Verdict
from tests.conftest import SUBMISSIONS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "katas" / "README.md",
    ROOT / "rounds" / "README.md",
]
README = DOCUMENTS[0].read_text(encoding="utf-8")
HANDBOOK = DOCUMENTS[2].read_text(encoding="utf-8")
ROUNDS = DOCUMENTS[3].read_text(encoding="utf-8")
CONTRIBUTING = DOCUMENTS[1].read_text(encoding="utf-8")


# --- reading a document -----------------------------------------------------------------------


def snippets(text: str) -> list[str]:
    """Code as a reader sees it: spans between backticks, and lines of blocks."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (.+)$", prose, re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", prose)
    return [*spans, *indented, *(line for block in fenced for line in block.splitlines())]


def shown_commands(text: str) -> list[list[str]]:
    """The `kata …` commands of a document, without `kata`."""
    lines = (re.match(r"(?:\$ )?(?:\S*/)?kata ([a-z-].*)", s.strip()) for s in snippets(text))
    return [line.group(1).partition("#")[0].split() for line in lines if line]


def table(text: str, title: str) -> list[str]:
    """The first column of the table whose first title this is, without backticks."""
    match = re.search(rf"^\| {title} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert match, f"no table of {title}"
    return [re.split(r"\s*\|\s*", row)[1].strip("`") for row in match.group(1).splitlines()]


def listed(text: str, first: str) -> list[str]:
    """The list of words in backticks that begins with `first`."""
    match = re.search(rf"^- `{first}`\n(?:- `\w+`\n)*", text, re.MULTILINE)
    assert match, f"no list from {first} on"
    return re.findall(r"`(\w+)`", match.group())


def parameters(function: Callable[..., object]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def calls(functions: Iterable[tuple[str, Callable[..., object]]]) -> set[str]:
    return {f"{name}({', '.join(parameters(function))})" for name, function in functions}


# --- all of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_every_command_shown_exists_with_its_options(document: Path) -> None:
    for name, *arguments in shown_commands(document.read_text(encoding="utf-8")):
        if name.startswith("-"):
            assert name in {"--help", "-h", "--version"}
            continue
        command = cli.commands.get(name)
        assert command is not None, f"there is no `kata {name}`"
        options = [p for p in command.params if isinstance(p, click.Option)]
        known = {spelling for option in options for spelling in option.opts} | {"--help", "-h"}
        shown = {a.partition("=")[0] for a in arguments if re.match(r"--?[a-z]", a)}
        assert shown <= known, f"`kata {name}` has no such option"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_every_path_named_exists(document: Path) -> None:
    text = re.sub(r"^### .*$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = re.findall(r"(?:grader|katas|solutions|tests|\.ci)/[\w./-]*", " ".join(snippets(text)))
    named += re.findall(r"\]\(([\w./-]+)\)", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_the_script_does_what_the_documents_ask_of_it(document: Path) -> None:
    script = runpy.run_path(str(ROOT / "run.py"), run_name="run")
    shown = re.findall(r"run\.py ([a-z]+)", document.read_text(encoding="utf-8"))
    assert [task for task in shown if not callable(script.get(task))] == []


def test_authors_find_their_commands() -> None:
    ours = [n for n, c in cli.commands.items() if (c.help or "").startswith("For authors")]
    shown = {name for name, *_ in shown_commands(CONTRIBUTING)}
    assert ours
    assert set(ours) <= shown


# --- README.md --------------------------------------------------------------------------------


def test_every_command_is_in_the_table() -> None:
    assert {row.split()[1] for row in table(README, "command")} == set(cli.commands)


def test_the_ladder_is_all_there() -> None:
    assert table(README, "kata") == [k.slug for k in all_katas()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_what_click_offers(shell: str) -> None:
    (line,) = [s for s in snippets(README) if f"_KATA_COMPLETE={shell}_source" in s]
    assert get_completion_class(shell) is not None
    assert line.count("kata") == 1


# --- rounds/README.md -------------------------------------------------------------------------


def test_the_fields_and_kinds_of_a_stage_are_all_there() -> None:
    assert table(ROUNDS, "field") == [f.name for f in fields(Stage)]
    assert table(ROUNDS, "kind") == list(KINDS)
    assert table(ROUNDS, "experiment") == list(EXPERIMENTS)


def test_the_example_of_a_round_can_be_held(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(re.findall(r"```toml\n(.*?)```", ROUNDS, re.DOTALL)[0])
    assert [stage.kind for stage in rounds.load(tmp_path / "mine.toml").stages][-1] == "close"


# --- CONTRIBUTING.md --------------------------------------------------------------------------


def test_the_verdicts_are_all_there() -> None:
    assert listed(CONTRIBUTING, "accepted") == list(Verdict)


def test_the_folders_of_the_corpus_are_all_there() -> None:
    folders = {p.name for p in SUBMISSIONS.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert set(table(CONTRIBUTING, "folder")) == folders


# --- the statements ---------------------------------------------------------------------------


@pytest.mark.parametrize("slug", [kata.slug for kata in all_katas()])
def test_what_a_statement_works_out_by_hand_is_what_kata_try_calls_right(slug: str) -> None:
    kata = find(slug)
    assert kata.example is not None
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    shown = [float(n) for n in re.findall(r"\d*\.\d+|\d+", kata.text("README.md"))]
    rows = [
        [round(number, 4) for number in row]
        for request in requests(kata, kata.example, solution.variant.layout)
        for matrix in matrices(solution.answers(request)[0].output)
        for row in matrix
    ]
    starts = range(len(shown))
    stated = [row for row in rows if any(shown[n : n + len(row)] == row for n in starts)]
    assert stated, f"none of {rows} stands in the statement of {slug}"


# --- katas/README.md --------------------------------------------------------------------------


def test_the_words_of_a_bank_are_all_there() -> None:
    words = [(name, getattr(grader.bank, name)) for name in grader.bank.__all__]
    assert set(table(HANDBOOK, "word")) == calls(w for w in words if callable(w[1]))


def test_the_standard_claims_are_all_there_in_their_own_words() -> None:
    rows = re.findall(r"^\| `standard\.(\w+)` \| (.+) \|$", HANDBOOK, re.MULTILINE)
    assert dict(rows) == {name: row_of(getattr(standard, name)) for name in standard.__all__}


def row_of(claim: Claim) -> str:
    """What the table says of a standard claim: its sentence, its tier and what it needs."""
    said = (claim.__doc__ or "").strip().splitlines()[0]
    needs = "; ".join(need.words for need in claim.needs)
    return f"{said} | {'stretch' if claim.stretch else 'required'} | {needs or '–'}"


def test_what_is_said_of_a_definition_is_there() -> None:
    for row in table(HANDBOOK, "of a definition"):
        name, _, asked = row.removeprefix("definition.").rstrip(")").partition("(")
        known = inspect.signature(getattr(Definition, name)).parameters
        said = [word for word in asked.split(", ") if word]
        assert [n for n in known if n in said] == said, row


def test_the_lines_that_are_shared_are_named_in_several_katas() -> None:
    rows = table(HANDBOOK, "line")
    names = {word for row in rows for word in re.findall(r"\w+", row)}
    used = [set(kata.table("pitfalls.toml")["lines"]) for kata in all_katas()]
    assert {name for name in names if sum(name in lines for lines in used) < 3} == set()


def test_the_draws_are_all_there() -> None:
    methods = [(f"draw.{n}", m) for n, m in inspect.getmembers(Draw, inspect.isfunction)
               if not n.startswith("_")]  # fmt: skip
    assert set(table(HANDBOOK, "call")) == calls([("draw", Draw.__call__), *methods])


def test_the_options_of_a_call_are_all_there() -> None:
    options = inspect.signature(Layer.each).parameters.values()
    assert table(HANDBOOK, "option") == [p.name for p in options if p.kind is p.KEYWORD_ONLY]


def test_what_a_check_may_ask_for_is_all_there() -> None:
    assert set(table(HANDBOOK, "asked for")) == set(OFFERS) != set()


def test_the_families_are_all_there() -> None:
    assert listed(HANDBOOK, FAMILIES[0]) == list(FAMILIES)


def test_the_fields_of_a_pitfall_are_all_there() -> None:
    assert set(table(HANDBOOK, "field")) == FIELDS


def test_the_words_about_a_pitfall_are_all_there() -> None:
    assert table(HANDBOOK, "told") == [*WORDS]


def test_the_files_of_a_kata_are_all_there() -> None:
    assert table(HANDBOOK, "file") == [*gate.DOCUMENTS, "test_*.py"]


def test_the_numbers_of_the_gate_are_right() -> None:
    assert f"{gate.RUNGS} rungs under `## ` headings" in HANDBOOK
    assert f"{gate.RUNG_WORDS} words each at most" in HANDBOOK
    assert f"{gate.QUESTIONS} questions or more" in HANDBOOK
    whole = " ".join(HANDBOOK.split())
    assert f"at least {Kata.fewest_pitfalls} pitfalls, {gate.QUESTIONS} questions" in whole
    assert f"and {gate.RUNGS} hints" in whole


def test_the_tables_and_keys_of_a_kata_are_all_there() -> None:
    keys = [f"[{name}] {key}" for name, keys in TABLES.items() for key in keys]
    assert table(HANDBOOK, "key") == [*TOP, *keys]
    for name in ROWS:
        assert f"`[{name}]`" in HANDBOOK


def test_the_meanings_of_a_parameter_are_all_there() -> None:
    assert table(HANDBOOK, "means") == list(MEANINGS)


def test_what_is_banned_in_every_kata_is_all_there() -> None:
    (shown,) = re.findall(r"^```text\n(torch.*?)^```", HANDBOOK, re.MULTILINE | re.DOTALL)
    assert shown.split() == list(BANNED)


# --- the examples in katas/README.md ----------------------------------------------------------

PARTS = re.findall(r"^### `([^`]+)`\n\n```\w+\n(.*?)^```", HANDBOOK, re.MULTILINE | re.DOTALL)
EXAMPLES = dict.fromkeys(name.split("/")[1] for name, _ in PARTS if name.startswith("katas/"))


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Kata:
    """A kata that katas/README.md shows, as files."""
    for name, text in PARTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load(tmp_path / "katas" / request.param)


def test_a_function_and_a_layer_are_shown(tmp_path: Path) -> None:
    shown = {name.rpartition("/")[2]: text for name, text in PARTS}
    assert len(EXAMPLES) == 2
    assert {"stub.py", "README.md", "pitfalls.toml", "mistakes.toml"} <= set(shown)
    kinds = [text for name, text in PARTS if name.endswith("kata.toml")]
    assert ['kind = "function"' in kinds[0], 'kind = "module"' in kinds[1]] == [True, True]


def test_an_example_passes_its_gate_but_for_numbers(session: Session, example: Kata) -> None:
    outcome = verify(example, session)
    assert len(outcome.problems) == 3
    short = r"\d (rungs|questions|pitfalls)|(hints.md|questions.toml) is missing"
    assert all(re.search(short, problem) for problem in outcome.problems), outcome
    assert outcome.edits_caught == outcome.edits > outcome.pitfalls > 0
    assert outcome.pairs_refused == outcome.pairs > 0


def test_the_readme_counts_what_the_katas_hold() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for kata in all_katas():
        pitfalls = load_pitfalls(kata)
        mistakes = sum(not p.remark for p in pitfalls)
        edits = sum(len(p.edits) for p in pitfalls)
        row = f"| `{kata.slug}` | {len(kata.announced)} | {mistakes} | {edits}/{edits} |"
        assert row in text, row
