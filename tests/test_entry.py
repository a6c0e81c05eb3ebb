"""The entry point of a submission: the exact name, else the only definition that fits."""

from __future__ import annotations

import sys
import traceback
import types

import pytest
import torch

from grader.kata.entry_point import EntryPoint
from grader.kata.kata import find
from grader.worker.entry import Loaded, NoEntryPoint, resolve
from grader.worker.execution import attempt

ATTEND = find("sdpa").entry
LAYER = find("multi-head").entry
PLAIN = find("self-attention").entry

FUNCTION = "def {name}(query, key, value, mask=None):\n    return value\n"
MODULE = """
import torch
from torch import nn

class {name}(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        self.sizes = (hidden_dim, num_heads, dropout_rate)

    def forward(self, x, attention_mask=None):
        return x
"""
CLASS = """
class {name}:
    def __init__(self{more}): self.built = ({built})
    def __call__(self, query, key, value, mask=None): return value, self.built
"""


def executed(source: str) -> types.ModuleType:
    done = attempt(source)
    assert done.error is None
    return done.module


def found(text: str, entry: EntryPoint = ATTEND) -> Loaded:
    return resolve(executed(text), entry)


def refusal(text: str, entry: EntryPoint = ATTEND) -> str:
    with pytest.raises(NoEntryPoint) as raised:
        found(text, entry)
    return str(raised.value)


@pytest.mark.parametrize("entry", [ATTEND, LAYER], ids=["a function", "a layer"])
def test_the_exact_name_wins_whatever_stands_beside_it(entry: EntryPoint) -> None:
    text = MODULE if entry.is_module else FUNCTION
    loaded = found(text.format(name="another") + text.format(name=entry.name), entry)
    assert (loaded.name, loaded.notes) == (entry.name, ())


@pytest.mark.parametrize("entry", [ATTEND, LAYER], ids=["a function", "a layer"])
def test_failing_that_the_only_definition_that_fits(entry: EntryPoint) -> None:
    text = MODULE if entry.is_module else FUNCTION
    beside = "import math\nX = 3\nhalf = lambda x: x / 2\ndef helper(x): return x\n"
    loaded = found(beside + text.format(name="mine") + "\nalias = mine\n", entry)
    assert loaded.name == "mine"
    assert loaded.notes == (f"graded `mine`: the stub calls it `{entry.name}`",)


def test_of_several_that_fit_none_is_chosen() -> None:
    said = refusal(FUNCTION.format(name="one") + FUNCTION.format(name="two"))
    assert said.startswith(
        f"no `{ATTEND.signature}`: several definitions could be it (`one`, `two`)"
    )
    assert said.endswith(f"rename one to `{ATTEND.name}`")


def test_under_another_name_only_what_takes_the_whole_call_will_do() -> None:
    """A helper of three arguments is no attention; under its own name it may lack a mask."""
    assert "found function `mine(q, k, v)`: takes no mask" in refusal(
        "def mine(q, k, v): return v\n"
    )
    assert found(f"def {ATTEND.name}(q, k, v): return v\n").notes == ()
    partial = "from functools import partial\ndef f(a, q, k, v, mask, b): return v\n"
    assert found(partial + "mine = partial(f, 1, b=2)\n").name == "mine"


def test_what_was_imported_is_not_the_candidates() -> None:
    assert refusal("from torch.nn.functional import scaled_dot_product_attention as mine\n")
    said = refusal("from torch.nn import MultiheadAttention\nimport torch\n", LAYER)
    assert "found no function and no class" in said


def test_what_was_found_is_listed() -> None:
    text = "def a(x): ...\nclass B:\n    def __init__(self, y): ...\nc = 3\n"
    assert refusal(text) == (
        f"no `{ATTEND.signature}`: found function `a(x)`: takes (x), where the kata passes query, "
        "key, value; class `B(y)`: is a class whose instances cannot be called"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"def {ATTEND.name}(q, k): ...", "takes (q, k), where the kata passes query, key, value"),
        (f"{ATTEND.name} = 3", "is a int, not a function"),
        (CLASS.format(name=ATTEND.name, more=", a, b", built=""), "is a class that needs a, b"),
        (f"class {ATTEND.name}: pass", "is a class whose instances cannot be called"),
    ],
)
def test_why_the_exact_name_does_not_fit_is_said(text: str, said: str) -> None:
    told = refusal(text)
    assert told.startswith(f"`{ATTEND.name}` {said}")
    assert told.endswith(f"expected `{ATTEND.signature}`")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"def {LAYER.name}(x): ...", "is a function, not an nn.Module class"),
        (f"class {LAYER.name}: pass", "is a class, but no nn.Module"),
        (MODULE.format(name=LAYER.name).replace(", num_heads, dropout_rate=0.0", ""),
         "is built from (hidden_dim), where the kata passes num_heads"),
        (MODULE.format(name=LAYER.name).replace("self, x, attention_mask=None", "self, x, y, z"),
         "also needs z, which the kata does not pass"),
    ],
)  # fmt: skip
def test_why_a_layer_does_not_fit_is_said(text: str, said: str) -> None:
    assert refusal(text, LAYER).startswith(f"`{LAYER.name}` {said}")


def test_a_layer_is_built_from_what_the_kata_gives() -> None:
    loaded = found(MODULE.format(name=LAYER.name), LAYER)
    values = {"hidden_dim": 12, "num_heads": 3, "dropout_rate": 0.25}
    assert loaded.build(values).sizes == (12, 3, 0.25)
    assert loaded.build(values) is not loaded.build(values)
    assert not loaded.stands_in


def test_a_layer_without_an_initialiser_of_its_own_takes_nothing() -> None:
    said = refusal("from torch import nn\nclass SelfAttention(nn.Module):\n"
                   "    def forward(self, x): return x\n", PLAIN)  # fmt: skip
    assert "is built from (), where the kata passes hidden_dim" in said


def test_a_function_is_what_it_is() -> None:
    loaded = found(FUNCTION.format(name=ATTEND.name))
    assert loaded.build({}) is loaded.target
    assert loaded.construct is None


@pytest.mark.parametrize(
    ("more", "built", "value", "said"),
    [("", "0,", 0, ""), (", d_k", "d_k,", 9, "d_k=query's width"),
     (", scale=2.0", "scale,", 2.0, ""), (", temperature", "temperature,", 3.0,
      "temperature=the root of query's width"), (", dropout", "dropout,", 0.0, "dropout=0.0"),
     (", d_k, dropout=0.1", "d_k, dropout", 9, "d_k=query's width")],
)  # fmt: skip
def test_a_class_may_stand_in_for_a_function_built_of_what_follows_from_d_k(
    more: str, built: str, value: float, said: str
) -> None:
    loaded = found(CLASS.format(name="Attention", more=more, built=built))
    arguments = dict.fromkeys(("query", "key", "value"), torch.zeros(2, 9))
    function, args, kwargs = loaded.prepare(loaded.build({}), arguments)
    assert function(*args, **kwargs)[1][0] == value
    assert loaded.notes == (
        f"graded `Attention`: the stub calls it `{ATTEND.name}`",
        f"a class stands in for the function: built as Attention({said}), then called",
    )


def test_a_module_may_stand_in_for_a_function() -> None:
    text = (
        "import torch\nclass Attention(torch.nn.Module):\n"
        "    def forward(self, q, k, v, mask=None): return v\n"
    )
    loaded = found(text)
    assert isinstance(loaded.build({}), torch.nn.Module)


def test_the_notes_of_the_call_are_kept() -> None:
    text = FUNCTION.format(name=ATTEND.name).replace("mask=None", "attn_mask=None")
    assert found(text).notes == ("the mask is passed as `attn_mask`",)


def test_a_submission_is_a_module_whose_frames_have_its_lines() -> None:
    module = executed("import sys\nme = sys.modules[__name__]\n\ndef f():\n    raise ValueError\n")
    assert module.me is module is sys.modules["submission"]
    assert module.__file__ == "submission.py"
    assert module.__name__ != "__main__"
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - it says nothing
        module.f()
    (frame,) = traceback.extract_tb(raised.value.__traceback__)[1:]
    assert (frame.filename, frame.lineno, frame.line) == ("submission.py", 5, "raise ValueError")


def test_a_submission_does_not_inherit_our_futures() -> None:
    """Annotations are evaluated as the candidate wrote them."""
    assert executed("def f(x: 1 + 1): ...").f.__annotations__ == {"x": 2}
