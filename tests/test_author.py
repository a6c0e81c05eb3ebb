"""What an author is told: paperwork that contradicts kata.toml, and how far the gate is."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from grader.author import gate
from grader.author.agreement import disagreements
from grader.author.forms import Form, forms
from grader.author.gate import Step
from grader.kata.kata import Kata, KataError, all_katas, find, load
from grader.kata.mutants import singles
from grader.kata.pitfalls import load_pitfalls
from grader.render.terminal.progress import LivingLine
from grader.render.terminal.verification import Watching, span
from grader.worker import binding
from tests.test_contract import copy_of

# --- the paperwork and kata.toml say the same ---------------------------------------------------


def spoilt(slug: str, name: str, right: str, wrong: str, folder: Path) -> list[str]:
    """What is said of a kata one of whose files says something else."""
    kata = copy_of(find(slug), folder)
    file = kata.solution if name == "solution" else kata.folder / name
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    return list(disagreements(load(kata.folder)))


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("stub.py", "= None", "= 0", "stub.py has `scaled_dot_product_attention(query, key, value, "
         "mask=0)`, kata.toml `scaled_dot_product_attention(query, key, value, mask=None)`"),
        ("stub.py", "    key: torch.Tensor,\n", "", "stub.py has"),
        ("stub.py", "def scaled", "def dot", "stub.py defines no `scaled_dot_product_attention`"),
        ("stub.py", "def ", "class ", "does not parse"),
        ("stub.py", "key:   (…, S, d_k)", "key:   (…, L, d_k)", "says `key` is (…, L, d_k), "
         "kata.toml (…, S, d_k)"),
        ("stub.py", "value: (…, S, d_v)", "value: any", "does not give the shape of `value`: write "
         "(…, S, d_v) beside it"),
        ("stub.py", "(…, L, S)", "it", "does not give the shape of `mask`"),
        ("stub.py", "Returns (…, L, d_v)", "Returns", "does not give the shape of the result"),
        ("README.md", "| query  | (…, L, d_k) |", "| query  | (…, d_k, L) |", "README.md says"),
        ("README.md", "value, mask=None)", "value, mask)", "README.md has"),
        ("README.md", "    scaled_dot_product_attention(", "    attention(", "does not show"),
        ("solution", "mask: Tensor | None = None", "mask: Tensor | None", "sdpa.py has"),
    ],
)  # fmt: skip
def test_what_contradicts_kata_toml_is_said(name, right, wrong, said, tmp_path: Path) -> None:
    found = spoilt("sdpa", name, right, wrong, tmp_path)
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "said"),
    [
        ("stub.py", "dropout_rate: float = 0.0", "dropout_rate: float = 0.1", "has `__init"),
        ("stub.py", "def forward", "def call", "has no `forward(x, attention_mask=None)`"),
        ("stub.py", "class MultiHeadAttention(nn.Module)", "def MultiHeadAttention()", "a class"),
        ("stub.py", "(B, H, S, S)", "(B, S, S)", "write (B, num_heads, S, S) beside it"),
        ("README.md", "(B, H, S, S)", "(B, S, S)", "does not give the shape of `attention_mask`"),
        ("README.md", "    layer(x, attention_mask=None)", "    layer(x, mask=None)", "`layer(x, "),
        ("README.md", "num_heads, dropout_rate=0.0)", "num_heads)", "README.md has `MultiHead"),
    ],
)  # fmt: skip
def test_a_layer_is_held_to_both_its_signatures(name, right, wrong, said, tmp_path: Path) -> None:
    found = spoilt("multi-head", name, right, wrong, tmp_path)
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("stub.py", "query: torch.Tensor,", "query,"),
        ("stub.py", "(…, S, d_k)", "(..., S, d_k)"),
        ("stub.py", "query: (…, L, d_k)", "`query` (…, L, d_k)"),
        ("stub.py", "query: (…, L, d_k)", "query (what asks): (…, L, d_k)"),
        ("README.md", "(query, key, value, mask=None)", "(query: Tensor, key, value, mask = None)"),
        ("README.md", "One query (2, 0, 0, 0)", "One query (1, 0, 0, 0)"),
    ],
)
def test_the_same_said_in_another_way_is_the_same(name, right, wrong, tmp_path: Path) -> None:
    assert spoilt("sdpa", name, right, wrong, tmp_path) == []


def test_a_constructor_parameter_goes_by_its_word_or_its_letter(tmp_path: Path) -> None:
    assert spoilt("multi-head", "README.md", "(B, S, D)", "(B, S, hidden_dim)", tmp_path) == []
    toml = (tmp_path / "katas" / "multi-head" / "kata.toml").read_text(encoding="utf-8")
    (tmp_path / "katas" / "multi-head" / "kata.toml").write_text(toml.replace(', letter = "H"', ""))
    (said, also) = disagreements(load(tmp_path / "katas" / "multi-head"))
    assert "(B, num_heads, S, S)" in said
    assert "(B, num_heads, S, S)" in also


# --- what kata.toml may say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[budget]", "[budgets]", r"\[budgets\] means nothing here: did you mean `budget`"),
        ("par_minutes = 12", "minutes = 12", "`minutes` means nothing here: .* `par_minutes`"),
        ('kind = "module"', 'kind = "layer"', "kind = 'layer': it is one of function, module"),
        ('level = "mid"', 'level = "middling"', "level = 'middling': it is one of junior, mid"),
        ("probe = 3, means", "prove = 3, means", r"\[construct\] num_heads: `prove` .* `probe`"),
        ("mask = true", "masked = true", r"\[call\] attention_mask: `masked` .* `mask`"),
        ('means = "heads"', 'means = "head"', "`num_heads` means 'head': known are"),
        ('["query", "key", "value"]', '["query", "keys"]', r"\[fused\] 'keys' is no role"),
        ('output = ["hidden_dim"', 'output = ["hiden_dim"', "'hiden_dim' is no size"),
        ('query = "x"', 'query = "y"', "the arguments are attention_mask, x"),
        ("rung = 5", 'rung = "5"', "rung = '5': it is a number"),
        ('x = "B S hidden_dim"', "x = 3", "`x` = 3: write its axes, or a table"),
        ('x = "B S hidden_dim"', 'x = "B, S"', "`x`: 'B, S' is no list of axes"),
        ('output = ["hidden_dim", "hidden_dim"]', "output = 3", r"\[weights\] output: write"),
        ('output = ["hidden_dim", "hidden_dim"]', 'output = ["hidden_dim"]', "a list of two"),
        ("\n[returns]", "steps = {}\n\n[returns]", "`steps` has neither axes nor a default"),
    ],
)
def test_a_slip_in_kata_toml_is_noticed(right, wrong, said, tmp_path: Path) -> None:
    kata = copy_of(find("multi-head"), tmp_path)
    file = kata.folder / "kata.toml"
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(KataError, match=said) as refused:
        load(kata.folder)
    assert str(refused.value).startswith(f"{file}: ")


# --- how far the gate is ------------------------------------------------------------------------


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def watched(seconds: float, total: int, *, terminal: bool, katas: list[str]) -> str:
    """What is shown of a stage of so many steps that take so long each."""
    clock, shown = Clock(), io.StringIO()
    console = Console(file=shown, force_terminal=terminal, width=100, highlight=False)
    with LivingLine(console) as line:
        watching = Watching(katas, console, line, clock)
        for done in range(total + 1):
            watching(Step("banded", "every two together", done, total))
            clock.now += seconds
    return shown.getvalue()


def test_a_long_stage_says_how_long_it_will_take_from_what_it_took() -> None:
    shown = watched(1.0, 100, terminal=False, katas=["sdpa", "banded"]).splitlines()
    assert shown[0] == "banded (2 of 2): every two together (100) …"
    assert shown[1] == "banded (2 of 2): every two together, 2 of 100, about 100 s left"
    assert shown[2] == "banded (2 of 2): every two together, 32 of 100, about 70 s left"
    assert len(shown) == 5  # then every half a minute, and nothing at the end
    assert "\x1b" not in "".join(shown)


def test_a_short_stage_is_one_line() -> None:
    shown = watched(0.01, 100, terminal=False, katas=["banded"])
    assert shown == "banded: every two together (100) …\n"


def test_on_a_terminal_one_line_lives_and_leaves_nothing() -> None:
    shown = watched(1.0, 10, terminal=True, katas=["banded"])
    frames = re.findall(r"banded: every two together (\d+)/10(, about \d+ s left)?  [━╌]+", shown)
    assert [int(done) for done, _ in frames][:11] == list(range(11))
    assert [bool(left) for _, left in frames][:11] == [False, False, *[True] * 8, False]
    assert shown.rstrip("\n").endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "5 s"), (12.0, "10 s"), (17.9, "20 s"), (41.0, "40 s"), (99.0, "100 s"),
     (150.0, "2 min"), (3601.0, "60 min")],
)  # fmt: skip
def test_a_span_is_said_as_roughly_as_it_is_known(seconds: float, said: str) -> None:
    assert span(seconds) == said


# --- other forms --------------------------------------------------------------------------------

RIGHT = """
import math, torch

def scaled_dot_product_attention(q, k, v, mask=None):
    s = q @ k.mT / math.sqrt(q.size(-1))
    if mask is not None:
        s = s.masked_fill(mask == 0, torch.finfo(s.dtype).min)
    w = s.softmax(-1)
    return (w if mask is None else w.masked_fill(mask == 0, 0.0)) @ v
"""


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ("def scaled_dot_product_attention(q, k, v, m=None): return v", "the solution odd fails "),
        (RIGHT, "no-scale odd is not caught by test_scores_are_divided_by_the_root_of_d_k"),
    ],
)
def test_the_gate_sees_a_form_that_makes_right_wrong_or_wrong_right(
    behind, said, session, monkeypatch
) -> None:
    kata = find("sdpa")
    monkeypatch.setattr(gate, "forms", lambda _: [Form("odd", lambda _: behind)])
    tried = gate.Gate(kata, session, gate.Verification(kata.slug, seed=0))
    text = kata.solution.read_text(encoding="utf-8")
    tried.forms([m for m in singles(load_pitfalls(kata), text) if m.name == "no-scale"])
    assert any(problem.startswith(f"sdpa: {said}") for problem in tried.outcome.problems)


@pytest.mark.parametrize("kata", all_katas(), ids=lambda kata: kata.slug)
def test_the_gate_knows_three_forms_of_every_kata(kata: Kata) -> None:
    ways = list(forms(kata.entry))
    assert len({way.name for way in ways}) == len(ways) >= 3
    for way in ways:
        text = way.of(kata.solution.read_text(encoding="utf-8"), kata.entry)
        assert len(re.findall(rf"^(?:class|def) {kata.entry.name}\b", text, re.MULTILINE)) == 1


def test_a_form_keeps_the_default_that_the_text_has() -> None:
    """Also where it is a mistake: a form that put the right one back would hide it."""
    kata = next(k for k in all_katas() if any(p.default == "0.1" for p in k.entry.call))
    text = kata.solution.read_text(encoding="utf-8").replace("= 0.1", "= 0.7")
    for way in forms(kata.entry):
        behind = way.of(text, kata.entry).rpartition("import torch\n\n")[2]
        assert "=0.7" in behind, way.name


def test_a_binding_that_mixes_up_the_roles_makes_the_third_form_fail(session, monkeypatch) -> None:
    """The form asks what the others do not: who is read as query, key and value."""
    kata = find("cross-attention")
    (third,) = [form for form in forms(kata.entry) if form.name.endswith("query, key and value")]
    monkeypatch.setattr(gate, "forms", lambda _: [third])
    tried = gate.Gate(kata, session, gate.Verification(kata.slug, seed=0))
    tried.forms([])
    assert tried.outcome.problems == []

    def mixed_up(binder: binding._CallBinder) -> bool:
        if "query" not in {p.name for p in binder.named}:
            return False
        binder.sources |= {"query": "x", "key": "x", "value": "context"}
        return True

    monkeypatch.setattr(binding._CallBinder, "_by_role", mixed_up)
    tried.forms([])
    assert any("given x, context, context" in problem for problem in tried.outcome.problems)
