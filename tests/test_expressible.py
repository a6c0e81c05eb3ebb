"""What a kata may ask for: katas made here, of kinds that none of those that come with it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.kata import Kata, load
from grader.report.verdict import Report, Verdict

BANDED = {
    "katas/banded/kata.toml": """
title = "Banded attention"
rung = 99
level = "mid"
par_minutes = 10
summary = "who is near, by positions, at a temperature"

[entry]
name = "banded"
kind = "function"

[call]
query = "… S d_k"
key = "… S d_k"
value = "… S d_v"
window = { probe = 2 }
temperature = { default = "0.1", means = "temperature" }
positions = { axes = "S", dtype = "int64", default = "None" }

[returns]
axes = "… S d_v"

[reads]
query = "query"
key = "key"
value = "value"
scores = "… S S"

[budget]
limit = 3.0
""",
    "solutions/banded.py": """
import torch


def banded(query, key, value, window, temperature=0.1, positions=None):
    if positions is None:
        positions = torch.arange(query.size(-2), device=query.device)
    far = (positions[:, None] - positions).abs() >= window
    scores = query @ key.transpose(-2, -1) / temperature
    scores = scores.masked_fill(far, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
""",
    "katas/banded/stub.py": "raise NotImplementedError\n",
    "katas/banded/pitfalls.toml": """
[lines]
scale = "scores = query @ key.transpose(-2, -1) / temperature"
far = ">= window"

[[pitfall]]
id = "no-temperature"
check = "test_is_attention_among_those_who_are_near"
edit.scale = "scores = query @ key.transpose(-2, -1)"

[[pitfall]]
id = "band-too-wide"
check = "test_is_attention_among_those_who_are_near"
edit.far = "> window"
""",
    "katas/banded/mistakes.toml": """
[no-temperature]
title = "the temperature is not used"
[band-too-wide]
title = "the band is too wide"
""",
    "katas/banded/test_banded.py": '''
import math

import torch

from grader.bank import Definition, assert_gradients, assert_matches, attention, check
from grader.bank import gradients, standard


def truth(query, key, value, window, temperature=0.1, positions=None):
    positions = torch.arange(query.size(-2)) if positions is None else positions
    near = (positions[:, None] - positions).abs() < window
    return attention(query * math.sqrt(query.size(-1)) / temperature, key, value, near)


def calls(draw, *lead):
    plain = {"query": draw(*lead, 7, 3), "key": draw(*lead, 7, 3), "value": draw(*lead, 7, 5)}
    plain |= {"window": 3}
    warm = plain | {"temperature": 0.7}
    return [plain, warm, warm | {"positions": draw.permutation(7)}]


@check("equivalence")
def test_is_attention_among_those_who_are_near(candidate, draw):
    """Each position attends to those less than a window away."""
    for call, answer in zip(c := calls(draw, 2), candidate.each(*c), strict=True):
        assert_matches(answer, truth(**call))


@check("gradient")
def test_gradients(candidate, draw):
    """Gradients are true."""
    call, cotangent = calls(draw)[2], draw(7, 5)
    answer = candidate.each(call, cotangents=[cotangent])[0]
    assert_gradients(answer, gradients(truth, call, cotangent))


@check("budget")
def test_keeps_up(race, draw):
    """Takes no more than the budget."""
    race(
        "many short sequences",
        lambda: {"query": draw(512, 4, 4), "key": draw(512, 4, 4), "value": draw(512, 4, 4),
                 "window": 2, "positions": draw.permutation(4)},
        truth,
    )


definition = Definition(truth)
test_standard_formula = standard.formula(definition)
test_standard_untouched = standard.untouched(definition)
test_standard_nothing_kept = standard.nothing_kept(definition)
test_standard_double = standard.double(definition)
test_standard_strided = standard.strided(definition)
test_standard_no_device = standard.no_device(definition)
''',
}

ADDITIVE = {
    "katas/additive/kata.toml": """
title = "Additive attention"
rung = 99
level = "mid"
par_minutes = 10
summary = "vᵀ tanh(W_q q + W_k k)"

[entry]
name = "Additive"
kind = "module"

[construct]
query_dim = { probe = 5 }
key_dim = { probe = 7 }
hidden_dim = { probe = 11, means = "width" }

[call]
query = "B L query_dim"
key = "B S key_dim"
value = "B S d_v"
mask = { axes = "B L S", mask = true, default = "None" }

[returns]
axes = "B L d_v"

[reads]
query = "query"
key = "key"
value = "value"
scores = "B L S"

[weights]
query = ["hidden_dim", "query_dim"]
key = ["hidden_dim", "key_dim"]
score = { size = [1, "hidden_dim"], names = ["v", "energy"] }

[fused]
columns = ["query", "key"]

[budget]
limit = 3.0
""",
    "solutions/additive.py": """
import torch
from torch import nn


class Additive(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(query_dim, hidden_dim)
        self.key_proj = nn.Linear(key_dim, hidden_dim)
        self.score = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, query, key, value, mask=None):
        hidden = self.query_proj(query)[:, :, None] + self.key_proj(key)[:, None]
        scores = self.score(torch.tanh(hidden))[..., 0]
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        return torch.softmax(scores, dim=-1) @ value
""",
    "katas/additive/stub.py": "raise NotImplementedError\n",
    "katas/additive/pitfalls.toml": """
[lines]
bend = "torch.tanh(hidden)"

[[pitfall]]
id = "no-tanh"
check = "test_is_the_definition"
edit.bend = "hidden"
""",
    "katas/additive/mistakes.toml": '[no-tanh]\ntitle = "the sum is not bent"\n',
    "katas/additive/test_additive.py": '''
import torch

from grader.bank import Definition, assert_gradients, assert_matches, check, gradients
from grader.bank import linear, standard

WIDTHS = {"query_dim": 3, "key_dim": 5, "hidden_dim": 7}


def truth(weights, query, key, value, mask=None):
    hidden = linear(query, weights["query"])[:, :, None] + linear(key, weights["key"])[:, None]
    scores = linear(torch.tanh(hidden), weights["score"])[..., 0]
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value.double()


def call(draw, batch=2, queries=5, keys=3):
    return {"query": draw(batch, queries, 3), "key": draw(batch, keys, 5),
            "value": draw(batch, keys, 2), "mask": draw.mask(batch, queries, keys)}


@check("equivalence")
def test_is_the_definition(candidate, draw):
    """The context is the values by softmax(vᵀ tanh(W_q q + W_k k))."""
    layer, given = candidate(**WIDTHS), call(draw)
    assert_matches(layer.each(given)[0], truth(layer.weights, **given))


@check("gradient")
def test_gradients(candidate, draw):
    """Every weight has its gradient, that of the scores among them."""
    layer, given, cotangent = candidate(**WIDTHS), call(draw), draw(2, 5, 2)
    answer = layer.each(given, cotangents=[cotangent])[0]
    assert_gradients(answer, gradients(truth, given, cotangent, layer.weights))


@check("budget")
def test_keeps_up(race, draw):
    """Takes no more than the budget."""
    race("many short sequences", lambda: call(draw, 512, 4, 4), truth, **WIDTHS)


definition = Definition(truth)
test_standard_formula = standard.formula(definition)
test_standard_obeyed = standard.obeyed(definition)
test_standard_any_dtype = standard.any_dtype(definition)
test_standard_order = standard.order(definition)
test_standard_biases = standard.biases(definition)
test_standard_nothing_kept = standard.nothing_kept(definition)
test_standard_any_length = standard.any_length(definition)
test_standard_no_device = standard.no_device(definition)
''',
}

FEWER = {
    "katas/fewer/kata.toml": """
title = "Fewer keys"
rung = 99
level = "mid"
par_minutes = 10
summary = "heads that share keys"

[entry]
name = "Fewer"
kind = "module"

[construct]
hidden_dim = { probe = 12, means = "width" }
num_heads = { probe = 6, means = "heads" }
num_kv_heads = { probe = 2, means = "kv_heads" }

[call]
x = "B S hidden_dim"
attention_mask = { axes = "B num_heads S S", mask = true, default = "None" }

[returns]
axes = "B S hidden_dim"

[reads]
query = "x"
key = "x"
value = "x"
scores = "B num_heads S S"

[weights]
query = ["hidden_dim", "hidden_dim"]
key = ["num_kv_heads * hidden_dim / num_heads", "hidden_dim"]
value = ["num_kv_heads * hidden_dim / num_heads", "hidden_dim"]

[fused]
roles = ["query", "key", "value"]

[budget]
limit = 3.0
""",
    "solutions/fewer.py": """
import math

import torch
from torch import nn


class Fewer(nn.Module):
    def __init__(self, hidden_dim, num_heads, num_kv_heads):
        super().__init__()
        self.head_dim = hidden_dim // num_heads
        self.shared = num_heads // num_kv_heads
        narrow = num_kv_heads * self.head_dim
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, narrow)
        self.value_proj = nn.Linear(hidden_dim, narrow)

    def forward(self, x, attention_mask=None):
        query = self.split(self.query_proj(x))
        key = self.split(self.key_proj(x)).repeat_interleave(self.shared, dim=1)
        value = self.split(self.value_proj(x)).repeat_interleave(self.shared, dim=1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        return (weights @ value).transpose(1, 2).flatten(-2)

    def split(self, features):
        return features.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
""",
    "katas/fewer/stub.py": "raise NotImplementedError\n",
    "katas/fewer/pitfalls.toml": """
[lines]
scale = " / math.sqrt(self.head_dim)"

[[pitfall]]
id = "no-scale"
check = "test_is_the_definition"
heatmap = true
edit.scale = ""
""",
    "katas/fewer/mistakes.toml": '[no-scale]\ntitle = "not scaled"\n',
    "katas/fewer/test_fewer.py": '''
from grader.bank import Definition, assert_matches, attention, check, linear, standard

SIZES = {"hidden_dim": 12, "num_heads": 6, "num_kv_heads": 3}


def truth(weights, x, attention_mask=None):
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (-1, 2)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    key, value = (t.repeat_interleave(2, dim=1) for t in (key, value))
    return attention(query, key, value, attention_mask).transpose(1, 2).flatten(-2)


@check("equivalence")
def test_is_the_definition(candidate, draw):
    """Query head h reads group h // 2."""
    layer = candidate(**SIZES)
    call = {"x": draw(2, 5, 12), "attention_mask": draw.mask(2, 6, 5, 5)}
    assert_matches(layer.each(call)[0], truth(layer.weights, **call))


@check("budget")
def test_keeps_up(race, draw):
    """Takes no more than the budget."""
    race("many short sequences", lambda: {"x": draw(256, 4, 12)}, truth, **SIZES)


def fewer(weights, x, attention_mask=None, *, hidden_dim, num_heads, attend):
    head_dim = hidden_dim // num_heads
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (-1, head_dim)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    shared = query.size(1) // key.size(1)
    key, value = (t.repeat_interleave(shared, dim=1) for t in (key, value))
    return attend(query, key, value, attention_mask).transpose(1, 2).flatten(-2)


definition = Definition(fewer)
test_standard_formula = standard.formula(definition)
test_standard_scale = standard.scale(definition)
test_standard_obeyed = standard.obeyed(definition)
test_standard_dominated = standard.dominated(definition)
test_standard_finite = standard.finite(definition)
test_standard_apart = standard.apart(definition)
test_standard_nothing_kept = standard.nothing_kept(definition)
test_standard_no_device = standard.no_device(definition)
''',
}
LEANING = {
    "katas/leaning/kata.toml": """
title = "Leaning towards one's like"
rung = 99
level = "mid"
par_minutes = 5
fewest_pitfalls = 1
summary = "tokens compared by their directions, five times as sharply"

[entry]
name = "leaning"
kind = "function"

[call]
x = "B S D"

[returns]
axes = "B S D"

[reads]
query = "x"
key = "x"
value = "x"
scores = "B S S"

[budget]
limit = 3.0
""",
    "solutions/leaning.py": """
import torch


def leaning(x):
    length = x.norm(dim=-1, keepdim=True)
    unit = x / length.masked_fill(length == 0, 1.0)
    scores = 5 * unit @ unit.transpose(-2, -1)
    weights = torch.softmax(scores, dim=-1)
    return weights @ x
""",
    "katas/leaning/stub.py": "raise NotImplementedError\n",
    "katas/leaning/pitfalls.toml": """
[lines]
unit = "x / length.masked_fill(length == 0, 1.0)"
scored = "scores = 5 * unit @ unit.transpose(-2, -1)"
softmax = "torch.softmax(scores, dim=-1)"
mix = "weights @ x"

[[pitfall]]
id = "lengths-count"
check = "test_standard_formula"
edit.unit = "x"
""",
    "katas/leaning/mistakes.toml": '[lengths-count]\ntitle = "lengths have a part in it"\n',
    "katas/leaning/test_leaning.py": """
import torch
import torch.nn.functional as F

from grader.bank import Definition, standard


def truth(x, *, attend):
    unit = F.normalize(x.double(), dim=-1)
    return attend(unit * 5 * x.size(-1) ** 0.5, unit, x)


def long_enough(call):
    length = call["x"].norm(dim=-1, keepdim=True)
    return {"x": call["x"] * (1 / length).clamp(min=1.0)}


definition = Definition(truth, within=long_enough)
test_standard_formula = standard.formula(definition)
test_standard_equal_sizes = standard.equal_sizes(definition)
test_standard_order = standard.order(definition)
test_standard_gradients = standard.gradients(definition, blanks=False)
test_standard_nothing_kept = standard.nothing_kept(definition)
test_standard_any_length = standard.any_length(definition)
test_standard_budget = standard.budget(definition)
test_standard_strided = standard.strided(definition)
test_standard_no_device = standard.no_device(definition)
""",
}
KATAS = {"banded": BANDED, "additive": ADDITIVE, "fewer": FEWER, "leaning": LEANING}


def made(slug: str, root: Path) -> Kata:
    """One of the katas above, as files."""
    for name, text in KATAS[slug].items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return load(root / "katas" / slug)


def written(session: Session, kata: Kata, *edits: tuple[str, str]) -> Report:
    """The report on the solution, written otherwise."""
    text = kata.solution.read_text(encoding="utf-8")
    for right, wrong in edits:
        assert right in text
        text = text.replace(right, wrong)
    return session.grade(kata, Source(Path(f"{kata.slug}.py"), text, ""))


@pytest.mark.parametrize("slug", KATAS)
def test_its_solution_is_accepted(slug: str, session: Session, tmp_path: Path) -> None:
    report = written(session, made(slug, tmp_path))
    assert report.stars == 3, (report.seed, report.failure, report.first_failure)


FORMS = {
    "other names": ("banded", ("temperature", "tau"), ("positions", "where"), ("window", "w")),
    "a class": ("banded", ("def banded(query", "class banded:\n  def __call__(self, query")),
    "options by name alone": ("banded", ("temperature=0.1", "*, temperature=0.1")),
    "a score of another name": ("additive", ("self.score", "self.energy")),
    "a score by its shape": ("additive", ("self.score", "self.w3"), ("query_proj", "w1"),
                             ("key_proj", "w2")),
    "names that say another role": ("additive", ("self.query_proj", "self.to_k"),
                                    ("self.key_proj", "self.to_q"), ("self.score", "self.out")),
    "two roles side by side": ("additive",
        ("self.query_proj = nn.Linear(query_dim, ", "self.both = nn.Linear(query_dim + key_dim, "),
        ("        self.key_proj = nn.Linear(key_dim, hidden_dim)\n", ""),
        ("self.query_proj(query)[:, :, None] + self.key_proj(key)[:, None]",
         "self.both(torch.cat([query.repeat_interleave(key.size(1), 1), "
         "key.repeat(1, query.size(1), 1)], -1)).unflatten(1, (query.size(1), -1))")),
    "a row that is a vector": ("additive",
        ("self.score = nn.Linear(hidden_dim, 1, bias=False)",
         "self.score = nn.Parameter(torch.ones(hidden_dim))"),
        ("self.score(torch.tanh(hidden))[..., 0]", "torch.tanh(hidden) @ self.score")),
    "a bare bias beside a bare row": ("additive",
        ("self.score = nn.Linear(hidden_dim, 1, bias=False)",
         "self.a, self.c = (nn.Parameter(torch.ones(hidden_dim)) for _ in range(2))"),
        ("query_dim, hidden_dim)", "query_dim, hidden_dim, bias=False)"),
        ("key_dim, hidden_dim)", "key_dim, hidden_dim, bias=False)"),
        ("query_dim, key_dim, hidden_dim, bias=False)", "query_dim, key_dim, hidden_dim)"),
        ("self.score(torch.tanh(hidden))[..., 0]", "torch.tanh(hidden + self.a) @ self.c")),
    "widths in another order": ("additive", ("(self, query_dim, key_dim, hidden_dim)",
                                             "(self, units, key_size, query_size)"),
        ("nn.Linear(query_dim, hidden_dim)", "nn.Linear(query_size, units)"),
        ("nn.Linear(key_dim, hidden_dim)", "nn.Linear(key_size, units)"),
        ("nn.Linear(hidden_dim, 1", "nn.Linear(units, 1")),
    "a lazy layer": ("additive", ("nn.Linear(query_dim, ", "nn.LazyLinear(")),
    "one argument three times": ("leaning", ("leaning(x):", "leaning(q, k, v):\n    x = v")),
    "key and value fused": ("fewer", ("self.key_proj = nn.Linear(hidden_dim, narrow)", ""),
                            ("self.value_proj = nn.Linear(hidden_dim, narrow)",
                             "self.kv = nn.Linear(hidden_dim, 2 * narrow)"),
                            ("self.key_proj(x)", "self.kv(x).chunk(2, -1)[0]"),
                            ("self.value_proj(x)", "self.kv(x).chunk(2, -1)[1]")),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_it_is_accepted_in_another_form(form: str, session: Session, tmp_path: Path) -> None:
    slug, *edits = FORMS[form]
    report = written(session, made(slug, tmp_path), *edits)
    assert report.verdict is Verdict.ACCEPTED, (report.seed, report.failure, report.first_failure)


MISTAKES = {
    "no-temperature": ("banded", ("/ temperature", "")),
    "band-too-wide": ("banded", (">= window", "> window")),
    "no-tanh": ("additive", ("torch.tanh(hidden)", "hidden")),
    "no-scale": ("fewer", (" / math.sqrt(self.head_dim)", "")),
    "lengths-count": ("leaning", ("x / length.masked_fill(length == 0, 1.0)", "x")),
    # In the engine's own words: behind the product, which nothing divides; and of x itself.
    "scores-squashed": ("leaning", ("weights =", "scores = scores.clamp(-2, 2)\n    weights =")),
    "residual-inside": ("leaning", ("weights @ x", "weights @ x + x")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_its_mistakes_are_refused_and_named(mistake: str, session: Session, tmp_path: Path) -> None:
    slug, *edits = MISTAKES[mistake]
    report = written(session, made(slug, tmp_path), *edits)
    assert report.verdict is Verdict.WRONG_ANSWER, (report.seed, report.failure)
    assert [found.pitfall for found in report.diagnosis.findings] == [mistake]


SLOW = {
    "banded": (("weights @ value", "(torch.stack([w @ v for w, v in zip(weights, value)]) "
                "if value.dim() > 2 else weights @ value)"),
               ("query @ key.transpose(-2, -1)", "(torch.stack([q @ k.T for q, k in zip(query, key)"
                "]) if key.dim() > 2 else query @ key.T)")),
    "additive": (("torch.tanh(hidden)", "torch.stack([torch.tanh(h) for h in hidden])"),
                 ("torch.softmax(scores, dim=-1) @ value",
                  "torch.stack([torch.softmax(s, dim=-1) @ v for s, v in zip(scores, value)])"),),
    "fewer": (("self.query_proj(x)", "torch.stack([self.query_proj(one) for one in x])"),
              ("(weights @ value)", "torch.stack([w @ v for w, v in zip(weights, value)])")),
    "leaning": (("unit @ unit.transpose(-2, -1)", "torch.stack([u @ u.T for u in unit])"),
                ("weights @ x", "torch.stack([w @ v for w, v in zip(weights, x)])")),
}  # fmt: skip


@pytest.mark.parametrize("slug", SLOW)
def test_a_loop_over_the_batch_is_told_to_be_one(
    slug: str, session: Session, tmp_path: Path
) -> None:
    kata = made(slug, tmp_path)
    for _ in range(4):  # a busy machine refuses nobody
        report = written(session, kata, *SLOW[slug])
        if report.budget is None or not report.budget.undecided:
            break
    failed = report.first_failure
    assert failed is not None, report.budget
    assert failed.verdict is Verdict.TIME_LIMIT
    assert "a Python loop over the batch" in " ".join(failed.evidence.facts)
