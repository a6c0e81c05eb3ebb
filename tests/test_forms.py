"""What people paste: every form of the field is taken for what it means, and none is made right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from grader.exchange.answer import Answer
from grader.exchange.layout import IN_OUT, OUT_IN, Layout, Projection, Slot
from grader.exchange.learning import learn_layout
from grader.exchange.local import LazySolution
from grader.exchange.matching import Kind, Unmatched, readings
from grader.exchange.request import Request
from grader.judge.bank_run import Selection
from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.entry_point import EntryPoint
from grader.kata.glossary import nearness, weight_roles
from grader.kata.kata import Kata, find
from grader.report.verdict import Report, Tier, Verdict
from grader.worker.binding import Unbindable
from grader.worker.construction import LONGEST, Unknown, bind_construction
from grader.worker.entry import Loaded, NoEntryPoint, load
from grader.worker.instance import described, using, weights_of, write
from grader.worker.program import answer
from grader.worker.wire import Message, pack, unpack_frame

MULTI, ALONE, MASKED, FUSED = map(
    find, ("multi-head", "self-attention", "masked-dropout", "fused-qkv")
)
ATTEND = find("sdpa")


# --- what a layer is built from ---------------------------------------------------------------

D, H, RATE = 12, 3, 0.25
VALUES = {"hidden_dim": D, "num_heads": H, "dropout_rate": RATE}


def signature(text: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {}
    exec(f"def function({text}): ...", scope)
    return scope["function"]  # type: ignore[no-any-return]


def built(text: str, entry: EntryPoint = MULTI.entry, length: int = 40) -> dict[str, Any]:
    """What a constructor with these parameters receives."""
    function = signature(text)
    values = {p.name: VALUES[p.name] for p in entry.construct}
    args, kwargs = bind_construction(function, "Layer", entry).place(values, "cpu", length)
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h, d_model, dropout=0.1", {"h": H, "d_model": D, "dropout": RATE}),
        ("n_head, n_feat, dropout_rate", {"n_head": H, "n_feat": D, "dropout_rate": RATE}),
        ("heads, emb", {"heads": H, "emb": D}),
        ("num_heads, hidden_dim, p", {"num_heads": H, "hidden_dim": D, "p": RATE}),
        ("d_in, d_out, num_heads", {"d_in": D, "d_out": D, "num_heads": H}),
        ("input_dim, embed_dim, num_heads", {"input_dim": D, "embed_dim": D, "num_heads": H}),
        ("n_head, d_model, d_k, d_v", {"n_head": H, "d_model": D, "d_k": D // H, "d_v": D // H}),
        ("key_size, query_size, value_size, num_hiddens, num_heads, dropout",
         {"key_size": D, "query_size": D, "value_size": D, "num_hiddens": D, "num_heads": H,
          "dropout": RATE}),
        ("num_heads, key_dim, model_dim", {"num_heads": H, "key_dim": D // H, "model_dim": D}),
        ("dim, heads=8, dim_head=64", {"dim": D, "heads": H, "dim_head": D // H}),
        ("dim, heads=8, head_dim=None", {"dim": D, "heads": H}),
        ("d_model, n_heads, resid_pdrop, attn_pdrop",
         {"d_model": D, "n_heads": H, "resid_pdrop": 0.0, "attn_pdrop": RATE}),
        ("dim, num_heads=8, qkv_bias=False, attn_drop=0., proj_drop=0.",
         {"dim": D, "num_heads": H, "attn_drop": RATE}),
        ("hid_dim, n_heads, dropout, device",
         {"hid_dim": D, "n_heads": H, "dropout": RATE, "device": "cpu"}),
        ("embed_dim, num_heads, batch_first, bias",
         {"embed_dim": D, "num_heads": H, "batch_first": True, "bias": True}),
        ("size, n, *, rate=0.0", {"size": D, "n": H, "rate": RATE}),
        ("a, b, c", {"a": D, "b": H, "c": RATE}),
        ("emb, k, layer_idx", {"emb": D, "k": H, "layer_idx": 0}),
    ],
)  # fmt: skip
def test_a_constructor_gets_what_its_names_say(text: str, expected: dict[str, Any]) -> None:
    assert built(text) == expected


@pytest.mark.parametrize("name", ["block_size", "context_length", "max_seq_len", "max_len"])
def test_a_length_is_a_little_more_than_any_call_has(name: str) -> None:
    for default in ("", "=128"):
        assert 40 < built(f"d_model, n_head, {name}{default}")[name] < 64
        assert built(f"d_model, n_head, {name}{default}", length=9001)[name] == LONGEST


@pytest.mark.parametrize(
    "option", ["device=None", "dtype=None", "qkv_bias=False", "attn_mask=None", "log=False",
               "row_dim=0", "axis=1", "head_dim=None", "log_attention_weights=False",
               "norm_layer=None"],
)  # fmt: skip
def test_a_rate_never_lands_in_what_says_something_else(option: str) -> None:
    bound = bind_construction(signature(f"dim, num_heads, {option}"), "Layer", MULTI.entry)
    assert bound.lacks == ("dropout_rate",)
    assert "dropout_rate" not in bound.sources


def test_a_kata_without_heads_or_rate_builds_with_one_head_and_without_dropout() -> None:
    assert built("embed_size, heads, dropout", ALONE.entry) == {
        "embed_size": D, "heads": 1, "dropout": 0.0,
    }  # fmt: skip
    assert built("seq_len, d_model", ALONE.entry)["d_model"] == D


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("d_model", "is built from (d_model), where the kata passes num_heads"),
        ("d_model, n_heads, vocab", "dropout"),
        ("d_model, n_heads, dropout, vocab", "also needs vocab, which the kata does not pass"),
    ],
)
def test_who_cannot_be_built_is_told_why(text: str, said: str) -> None:
    if said == "dropout":  # by its place, for want of a name that says anything
        assert built(text)["vocab"] == RATE
        return
    with pytest.raises(Unbindable) as raised:
        bind_construction(signature(text), "Layer", MULTI.entry)
    assert str(raised.value) == said


def test_how_it_is_built_is_said_where_it_is_not_as_in_the_stub() -> None:
    def note(text: str) -> str:
        bound = bind_construction(signature(text), "MHA", MULTI.entry)
        return bound.spelled() if bound.unusual(MULTI.entry) else ""

    assert note("d_model, n_heads, dropout=0.1") == ""
    assert note("h, d_model") == "MHA(h=num_heads, d_model=hidden_dim)"
    assert note("dim, heads, r") == "MHA(dim=hidden_dim, heads=num_heads, r=dropout_rate)"
    bound = bind_construction(signature("h, d_model, d_k"), "MHA", MULTI.entry)
    assert bound.spelled(VALUES) == "MHA(h=3, d_model=12, d_k=4)"


NAMES = {
    D: "hidden_dim n_embd hidden_size dim d_model embed_dim emb_dim n_state",
    H: "num_heads n_head num_attention_heads n_heads nhead n_kv_heads",
    RATE: "dropout attn_pdrop attention_probs_dropout_prob drop_rate attention_dropout",
    0.0: "resid_pdrop hidden_dropout_prob embd_pdrop",
    D // H: "head_dim d_k",
    True: "bias qkv_bias",
    45: "block_size max_seq_len context_length max_position_embeddings n_ctx",
}


def configuration(own: Any = None) -> Any:
    bound = bind_construction(signature("config"), "Layer", MULTI.entry)
    vars(bound)["defaults"] = own
    return bound.place(VALUES, "cpu", 40)[0][0]


@pytest.mark.parametrize(("value", "name"), [(v, n) for v, ns in NAMES.items() for n in ns.split()])
def test_a_configuration_answers_under_all_of_the_fields_names(value: Any, name: str) -> None:
    config = configuration()
    assert getattr(config, name) == config[name] == config.get(name) == value
    assert name in config


def test_what_a_configuration_does_not_know_is_said_by_name() -> None:
    config = configuration()
    with pytest.raises(AttributeError, match="the configuration has no `rope_theta`"):
        _ = config.rope_theta
    with pytest.raises(Unknown):
        _ = config["rope_theta"]
    assert getattr(config, "rope_theta", 3) == config.get("rope_theta", 3) == 3
    assert not hasattr(config, "embedding_table")


def test_the_submissions_own_configuration_says_what_ours_does_not_know() -> None:
    class Own:
        rope_theta, n_embd = 1e4, 768

    assert configuration(Own).rope_theta == 1e4
    assert configuration(Own).n_embd == D, "sizes are the kata's"


def test_a_head_width_that_is_no_whole_number_is_an_error_at_the_constructors_line() -> None:
    text = (
        "from torch import nn\n\nclass MultiHeadAttention(nn.Module):\n"
        "    def __init__(self, n_head, d_model, d_k): super().__init__()\n"
        "    def forward(self, x, mask=None): return x\n"
    )
    reply = ran(load(text, MULTI.entry), Request({**VALUES, "num_heads": 5}, {}, ()))
    error = reply["error"]
    assert (error["type"], error["stage"]) == ("ValueError", "construct")
    assert [frame["line"] for frame in error["frames"]] == [4]
    assert "hidden_dim = 12 is no multiple of num_heads = 5" in error["message"]


# --- which definition -------------------------------------------------------------------------

LAYER = """
from torch import nn

class {name}(nn.Module):
    def __init__(self, d_model, n_heads, dropout=0.0): super().__init__()
    def forward(self, x{mask}): return x
"""


def refusal(text: str, entry: EntryPoint) -> str:
    with pytest.raises(NoEntryPoint) as raised:
        load(text, entry)
    return str(raised.value)


def test_every_definition_is_listed_with_the_reason_why_it_does_not_fit() -> None:
    text = LAYER.format(name="Attention", mask="") + "\ndef helper(x): return x\n"
    assert refusal(text, MULTI.entry).endswith(
        "found class `Attention(d_model, n_heads, dropout=…)`: its forward takes no mask; "
        "function `helper(x)`: is a function, not an nn.Module class"
    )


def test_of_several_the_nearest_name_is_graded() -> None:
    both = LAYER.format(name="EncoderLayer", mask=", mask=None") + LAYER.format(
        name="MultiHeadedAttention", mask=", mask=None"
    )
    assert load(both, MULTI.entry).name == "MultiHeadedAttention"
    assert nearness("MHA", "MultiHeadAttention") == 3
    assert nearness("Attn", "CausalSelfAttention") == 1
    assert nearness("Block", "CausalSelfAttention") == 0


def test_a_layer_without_a_mask_or_a_rate_is_taken_under_its_own_name() -> None:
    """What it lacks it is told check by check; under another name it might be anything."""
    text = LAYER.format(name="MultiHeadAttention", mask="").replace(", dropout=0.0", "")
    assert set(load(text, MULTI.entry).lacks) == {"attention_mask", "dropout_rate"}
    masked = LAYER.format(name="MaskedSelfAttention", mask=", mask=None")
    assert "is built without dropout_rate" in refusal(
        masked.replace(", n_heads, dropout=0.0", ""), MASKED.entry
    )


def test_only_modules_count_where_the_kata_says_so() -> None:
    text = (
        "from torch import nn\n\nclass SelfAttention:\n"
        "    def __init__(self, dim): self.q = nn.Linear(dim, dim)\n"
        "    def forward(self, x): return self.q(x)\n"
    )
    assert "it is no nn.Module" in load(text, ALONE.entry).notes[0]
    strict = replace(ALONE.entry, modules_only=True)
    assert "is a class, but no nn.Module" in refusal(text, strict)


FUNCTION = "def scaled_dot_product_attention(query, key, value, mask=None):\n    return value\n"


@pytest.mark.parametrize("end", ["1 / 0", "raise SystemExit(3)", "import torch\ntorch.zeros(2)[5]"])
def test_what_fails_behind_the_definition_is_noted(end: str) -> None:
    (note,) = load(f"{FUNCTION}\n{end}\n", ATTEND.entry).notes
    line = 4 + end.count("\n")
    assert note.startswith(f"line {line} fails after the definition, which does not matter: ")


def test_a_layer_is_no_function_but_its_static_method_may_be() -> None:
    method = "    @staticmethod\n    def attend(query, key, value, mask=None): return value\n"
    text = (
        "from torch import nn\n\nclass Attention(nn.Module):\n"
        "    def __init__(self, d_model, h=1):\n        super().__init__()\n"
        "        self.w_q = nn.Linear(d_model, d_model)\n"
        "    def forward(self, query, key, value, mask=None): return self.w_q(query)\n"
    )
    assert "a layer with weights of its own (w_q.weight)" in refusal(text, ATTEND.entry)
    assert load(text + method, ATTEND.entry).name == "Attention.attend"


def test_what_fails_before_the_definition_does_matter() -> None:
    with pytest.raises(ZeroDivisionError):
        load(f"1 / 0\n{FUNCTION}", ATTEND.entry)
    with pytest.raises(ZeroDivisionError):
        load(f"{FUNCTION}\n1 / 0\n{FUNCTION}", ATTEND.entry)


def test_a_package_that_is_missing_is_missed_when_it_is_used() -> None:
    text = (
        "import nowhere.plots as plots\nfrom nowhere import thing, other as o\nimport math\n"
        "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n"
        "def f(x: plots.Axes[int] | None = None): return o\n"
    )
    loaded = load(text + FUNCTION, ATTEND.entry)
    scope = loaded.target.__globals__
    assert scope["nowhere"] is None
    assert loaded.absent == ("nowhere",)
    for use in (scope["thing"], lambda: -scope["o"], lambda: list(scope["plots"].x)):
        with pytest.raises(ModuleNotFoundError, match="nowhere") as raised:
            use()
        assert raised.value.name == "nowhere"
    with pytest.raises(ModuleNotFoundError):
        load("import nowhere\nclass A(nowhere.Module): ...\n" + FUNCTION, ATTEND.entry)


# --- whose weight is which --------------------------------------------------------------------

ROLES = dict.fromkeys(("query", "key", "value", "output"), (D, D))
KIND = Kind(ROLES, ("query", "key", "value"), H, "num_heads")


def state_of(**shapes: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    return [(name.replace("__", "."), shape) for name, shape in shapes.items()]


@pytest.mark.parametrize(
    ("name", "roles"),
    [("query_dense", ["query"]), ("dense_q", ["query"]), ("wq", ["query"]), ("xk", ["key"]),
     ("to_qk", ["query", "key"]), ("W_kv", ["key", "value"]), ("theta", []), ("g", []),
     ("查询", []), ("to_qkv", ["query", "key", "value"]), ("kernel_value", ["value"]),
     ("value_out", ["value"]), ("W_O", ["output"])],
)  # fmt: skip
def test_what_names_say_of_weights(name: str, roles: list[str]) -> None:
    assert list(weight_roles(f"{name}.weight")) == roles


def test_names_that_say_everything_leave_one_reading() -> None:
    square = (D, D)
    state = state_of(q__weight=square, k__weight=square, v__weight=square, o__weight=square)
    assert len(readings(state, KIND).layouts) == 1


def test_bare_squares_leave_their_way_round_open_and_silent_names_their_order() -> None:
    square = (D, D)
    named = readings(state_of(W_q=square, W_k=square, W_v=square, W_o=square), KIND)
    assert len(named.layouts) == 16
    assert {slot.transposed for slot in named.layouts[0].slots} == {True}
    assert {slot.transposed for slot in named.layouts[1].slots} == {False}
    assert all(
        {slot.name: slot.roles for slot in layout.slots}["W_q"] == ("query",)
        for layout in named.layouts
    ), "what a name says is never read otherwise"
    silent = state_of(a__weight=square, b__weight=square, c__weight=square, d__weight=square)
    orders = readings(silent, KIND).layouts
    assert len(orders) == 24
    assert [slot.roles for slot in orders[0].slots] == [(role,) for role in ROLES]


FOLDED = {
    "stacked": ({"qkv": (3, D, D), "o__weight": (D, D)}, "qkv", ("r", "gi", "ho")),
    "stacked by heads": ({"w": (3, H, D, D // H), "o__weight": (D, D)}, "w", ("r", "h", "gi", "o")),
    "between": ({"w": (D, 3, D), "o__weight": (D, D)}, "w", ("gi", "r", "ho")),
    "heads first": (
        {"W_q": (H, D, 4), "W_k": (H, D, 4), "W_v": (H, D, 4), "W_o": (H, 4, D)},
        "W_q",
        ("h", "gi", "o"),
    ),
    "heads within": (
        {"W_q": (D, H, 4), "W_k": (D, H, 4), "W_v": (D, H, 4), "W_o": (H, 4, D)},
        "W_o",
        ("g", "i", "ho"),
    ),
    "a convolution": (
        {f"{r}__weight": (D, D, 1) for r in "qkvo"}, "q.weight", ("rho", "gi", "")
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FOLDED)
def test_weights_in_more_axes_are_written_and_read_back_by_role(form: str) -> None:
    shapes, name, axes = FOLDED[form]
    layout = readings(state_of(**shapes), KIND, linear=["o.weight"]).layouts[0]
    assert {slot.name: slot.axes for slot in layout.slots}[name] == axes
    chance = torch.Generator().manual_seed(1)
    for heads, width in ((3, 12), (2, 10)):
        weights = {r: Projection(torch.randn(width, width, generator=chance)) for r in ROLES}
        construct = {"num_heads": heads}
        state = layout.state(weights, construct)
        back = layout.read(state, weights, construct)
        assert all(torch.equal(back[f"{r} weight"], weights[r].weight) for r in ROLES)
        if heads == 3:
            found = dict(state_of(**shapes))
            assert {n: tuple(t.shape) for n, t in state.items()} == found


def test_heads_first_means_that_heads_come_first() -> None:
    slot = Slot("W_q", ("query",), axes=("h", "gi", "o"))
    weight = torch.arange(24.0).view(6, 4)
    stored = slot.gather({"query": Projection(weight)}, heads=3)
    assert stored.shape == (3, 4, 2)
    assert torch.equal(stored[1], weight[2:4].T), "head 1 has rows 2 and 3"


@pytest.mark.parametrize("shape", [(1, D), (1, 1, D), (D,), (H, D // H), (1, H, 1, D // H)])
def test_biases_in_more_axes(shape: tuple[int, ...]) -> None:
    square = (D, D)
    state = state_of(W_q=square, W_k=square, W_v=square, W_o=square, b_q=shape)
    layout = readings(state, KIND).layouts[0]
    assert [layout.biased(role) for role in ROLES] == [True, False, False, False]
    weights = {r: Projection(torch.zeros(D, D), torch.arange(float(D))) for r in ROLES}
    construct = {"num_heads": H}
    stored = layout.state(weights, construct)
    assert stored["b_q"].shape == shape
    assert torch.equal(layout.read(stored, weights, construct)["query bias"], torch.arange(12.0))


def test_heads_that_are_modules_are_refused_in_one_sentence() -> None:
    state = state_of(**{f"heads__{n}__{r}__weight": (4, D) for n in range(3) for r in "qkv"})
    with pytest.raises(Unmatched, match="project once for all heads, then split"):
        readings([*state, ("out.weight", (D, D))], KIND)


# --- the answers decide -----------------------------------------------------------------------


def ran(loaded: Loaded, request: Request, layout: Layout | None = None) -> Message:
    """What a worker would reply."""
    return answer(loaded, unpack_frame(pack(request.encode(layout or Layout()))))


def learnt(kata: Kata, text: str) -> tuple[Layout, int]:
    """The layout of a submission, and how many requests it took to learn it."""
    loaded = load(text, kata.entry)
    asked: list[Message] = []

    def run(message: Message) -> Message:
        asked.append(message)
        return answer(loaded, unpack_frame(pack(message)))

    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    return learn_layout(kata, run, solution.answers), len(asked)


BARE = """
import torch
from torch import nn

class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        for name in {names}:
            setattr(self, name, nn.Parameter(torch.randn(dim, dim)))
        {more}

    def forward(self, x):
        q, k, v = {uses}
        return (q @ k.mT / x.shape[-1] ** 0.5).softmax(-1) @ v
"""


def bare(names: str, uses: str, more: str = "pass") -> str:
    return BARE.format(names=tuple(names.split()), uses=uses, more=more)


def roles_of(layout: Layout) -> dict[str, str]:
    return {slot.name: slot.roles[0] for slot in layout.slots if not slot.bias}


def test_where_names_say_everything_nothing_more_is_asked() -> None:
    text = ALONE.solution.read_text(encoding="utf-8")
    layout, requests = learnt(ALONE, text)
    assert requests == 1
    assert layout.notes == ()


@pytest.mark.parametrize(
    ("uses", "turned"),
    [("x @ self.W_q, x @ self.W_k, x @ self.W_v", [True] * 3),
     ("x @ self.W_q.T, x @ self.W_k.T, x @ self.W_v.T", [False] * 3),
     ("x @ self.W_q, x @ self.W_k.T, x @ self.W_v", [True, False, True])],
)  # fmt: skip
def test_which_way_round_a_bare_square_lies_is_told_by_its_answers(
    uses: str, turned: list[bool]
) -> None:
    layout, requests = learnt(ALONE, bare("W_q W_k W_v", uses))
    assert [slot.transposed for slot in layout.slots] == turned
    assert requests == 2, "all readings in one request"
    assert layout.notes[0].startswith("weights are read by its answers: `W_q` query")


def test_whose_weight_a_silent_name_is_is_told_by_its_answers() -> None:
    layout, _ = learnt(ALONE, bare("a b c", "x @ self.c, x @ self.a, x @ self.b"))
    assert roles_of(layout) == {"c": "query", "a": "key", "b": "value"}


def test_and_so_are_its_biases() -> None:
    more = "self.s, self.t, self.u = (nn.Parameter(torch.randn(1, dim)) for _ in range(3))"
    uses = "x @ self.a + self.u, x @ self.b + self.s, x @ self.c + self.t"
    layout, requests = learnt(ALONE, bare("a b c", uses, more))
    biases = {slot.name: slot.roles[0] for slot in layout.slots if slot.bias}
    assert biases == {"u": "query", "s": "key", "t": "value"}
    assert layout.extras == ()
    assert requests == 3


def test_what_adds_nothing_is_no_bias() -> None:
    more = "self.gain = nn.Parameter(torch.zeros(dim))"
    layout, _ = learnt(ALONE, bare("W_q W_k W_v", "x @ self.W_q, x @ self.W_k, x @ self.W_v", more))
    assert layout.extras == ("gain 12",)


def test_names_that_speak_are_never_read_with_their_roles_swapped() -> None:
    layout, _ = learnt(ALONE, bare("W_q W_k W_v", "x @ self.W_k, x @ self.W_q, x @ self.W_v"))
    assert roles_of(layout) == {"W_q": "query", "W_k": "key", "W_v": "value"}
    assert layout.notes[0].startswith("weights are read though no reading gives the truth")


def test_fused_rows_keep_their_order() -> None:
    uses = "(x @ self.W).chunk(3, -1)[::-1]"
    text = bare("", uses, "self.W = nn.Parameter(torch.randn(dim, 3 * dim))")
    layout, requests = learnt(ALONE, text)
    assert [slot.roles for slot in layout.slots] == [("query", "key", "value")]
    assert requests == 1


def test_a_wrong_layer_is_read_in_the_way_that_comes_nearest() -> None:
    """So that what is left is its mistake: here, that nothing is scaled."""
    uses = "x @ self.c.T, x @ self.a.T, x @ self.b.T"
    layout, _ = learnt(ALONE, bare("a b c", uses).replace(" / x.shape[-1] ** 0.5", ""))
    assert roles_of(layout) == {"c": "query", "a": "key", "b": "value"}
    assert {slot.transposed for slot in layout.slots} == {False}


NAMED = "W_query W_key W_value"
WRONG_SOMEHOW = {
    "values of the keys": ("x @ self.W_query, x @ self.W_key, x @ self.W_key", (IN_OUT,) * 3),
    "queries of the keys": ("x @ self.W_key, x @ self.W_key, x @ self.W_value", (IN_OUT,) * 3),
    "keys of x itself": ("x @ self.W_query, x, x @ self.W_value", (IN_OUT,) * 3),
    "shifted a little, the other way round": (
        "x @ self.W_query.T, x @ self.W_key.T, x @ self.W_value.T + 0.1", (OUT_IN,) * 3
    ),
    "shifted a little, one of them turned": (
        "x @ self.W_query, x @ self.W_key.T, x @ self.W_value + 0.1", (IN_OUT, OUT_IN, IN_OUT)
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG_SOMEHOW)
def test_where_all_are_wrong_weights_lie_as_usual_unless_another_way_is_clearly_nearer(
    how: str,
) -> None:
    parts, ways = WRONG_SOMEHOW[how]
    layout, _ = learnt(ALONE, bare(NAMED, parts))
    assert tuple(slot.spelled for slot in layout.slots) == ways


def test_a_reply_that_cannot_be_read_leaves_the_most_usual_reading() -> None:
    loaded = load(bare("a b c", "x @ self.c, x @ self.a, x @ self.b"), ALONE.entry)
    forged = iter([None, {"results": [{"output": "x"}], "error": None}])

    def run(message: Message) -> Message:
        reply = next(forged)
        return answer(loaded, unpack_frame(pack(message))) if reply is None else reply

    def truth(request: Request) -> Sequence[Answer]:
        return LazySolution(ALONE, ALONE.solution.read_text()).answers(request)

    assert roles_of(learn_layout(ALONE, run, truth)) == {"a": "query", "b": "key", "c": "value"}


# --- weights that are computed ----------------------------------------------------------------


def old_weight_norm(layer: nn.Module) -> nn.Module:
    with pytest.warns(FutureWarning):
        return nn.utils.weight_norm(layer)


@pytest.mark.parametrize("norm", [parametrizations.weight_norm, old_weight_norm])
def test_a_normed_weight_is_written_and_followed_through_its_norm(norm: Any) -> None:
    layer = nn.Sequential(norm(nn.Linear(4, 3)))
    assert {p["name"]: p["linear"] for p in described(layer)} == {
        "0.weight": True, "0.bias": False,
    }  # fmt: skip
    weight = torch.randn(3, 4)
    weight[1] = 0.0
    write(layer, {"0.weight": weight, "0.bias": torch.zeros(3)})
    x = torch.randn(5, 4)
    with torch.no_grad():
        assert torch.allclose(layer(x), x @ weight.T, atol=1e-6), "a row of zeros, too"
    with using(layer, gradients=True) as used:
        output = layer(x)
    (gradient,) = torch.autograd.grad(output.sum(), [used["0.weight"]])
    assert torch.allclose(gradient, x.sum(0).expand(3, 4), atol=1e-5)


def test_what_an_object_holds_is_its_weights() -> None:
    text = (
        "import torch\nfrom torch import nn\nclass SelfAttention:\n"
        "    def __init__(self, dim):\n        self.q = nn.Linear(dim, dim)\n"
        "        self.w = torch.zeros(dim, dim, requires_grad=True)\n"
        "    def __call__(self, x): return self.q(x) @ self.w + self.training\n"
    )
    layer = load(text, ALONE.entry).build({"hidden_dim": 3})
    assert {n: tuple(t.shape) for n, t in weights_of(layer).items()} == {
        "w": (3, 3), "q.weight": (3, 3), "q.bias": (3,),
    }  # fmt: skip
    write(layer, {"w": torch.eye(3), "q.weight": 2 * torch.eye(3), "q.bias": torch.zeros(3)})
    assert torch.equal(layer.train(False)(torch.ones(1, 3)), 2 * torch.ones(1, 3))
    assert torch.equal(layer.train(True)(torch.ones(1, 3)), 3 * torch.ones(1, 3))


# --- what is said -----------------------------------------------------------------------------


def graded(session: Session, kata: Kata, text: str, *, diagnose: bool = False) -> Report:
    choice = Selection(without=("budget",))
    source = Source(Path("their.py"), text, "")
    return session.grade(kata, source, 7, selection=choice, diagnose=diagnose)


def refused(report: Report) -> dict[str, str]:
    """Required checks that failed, and what was said."""
    required = [c for c in report.checks if not c.passed and c.tier is Tier.REQUIRED]
    return {check.id: check.message for check in required}


def multi(init: str = "", forward: str = "", **change: str) -> str:
    text = f"""
import torch
from torch import nn

class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, h, dropout=0.0):
        super().__init__()
        assert d_model % h == 0
        self.h = h
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.drop = nn.Dropout(dropout)
        {init or "pass"}

    def forward(self, x, mask=None):
        {forward or "pass"}
        q, k, v = (t.unflatten(-1, (self.h, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        s = q @ k.mT / q.shape[-1] ** 0.5
        if mask is not None:
            s = s.masked_fill(mask == 0, torch.finfo(s.dtype).min)
        y = self.out((self.drop(s.softmax(-1)) @ v).transpose(1, 2).flatten(2))
        return y
"""
    for old, new in change.items():
        text = text.replace(*new.split(" => ")) if old else text
    return text


def test_without_a_rate_of_dropout_only_dropout_is_refused_in_one_sentence(
    session: Session,
) -> None:
    text = multi(a=", dropout=0.0) => )", b="nn.Dropout(dropout) => nn.Identity()")
    said = refused(graded(session, MULTI, text))
    assert 1 <= len(said) <= 4
    assert {message.partition(":")[0] for message in said.values()} == {
        "built without a rate of dropout"
    }


def test_without_a_mask_only_masking_is_refused_in_one_sentence(session: Session) -> None:
    text = multi(a=", mask=None) => )", b="if mask is not None: => if False:")
    report = graded(session, MULTI, text, diagnose=True)
    assert not report.diagnosis.findings
    families = {check.family for check in report.checks if check.passed}
    assert {"shape", "equivalence"} <= families
    assert any(
        m == "takes no mask: forward(x, attention_mask=None)" for m in refused(report).values()
    )


def test_a_dropped_output_is_told_with_the_way_out(session: Session) -> None:
    said = refused(graded(session, MULTI, multi(a="return y => return self.drop(y)")))
    assert any("leave out the dropout behind the output projection" in m for m in said.values())


def test_a_weight_that_some_constructions_lack_is_said_as_that(session: Session) -> None:
    text = multi(init="self.out = nn.Identity() if h == 1 else self.out")
    report = graded(session, MULTI, text, diagnose=True)
    said = refused(report)
    assert not report.diagnosis.findings
    assert any(
        "it has no `out.weight`, which it has as MultiHeadAttention(d_model=12, h=3" in message
        and message.startswith("built as MultiHeadAttention(d_model=")
        for message in said.values()
    ), said


def test_a_mask_that_cannot_be_taken_is_said_with_its_axes(session: Session) -> None:
    forward = "mask = None if mask is None else mask.reshape(x.shape[0], 1, 1, x.shape[1])"
    report = graded(session, MULTI, multi(forward=forward))
    facts = [fact for check in report.checks for fact in check.evidence.facts]
    assert any(
        "= (B, num_heads, S, S): masks broadcast to the scores (B, num_heads, S, S)" in fact
        or "= (S, S): masks broadcast to the scores (B, num_heads, S, S)" in fact
        for fact in facts
    ), facts


def test_what_was_built_is_said_when_building_fails(session: Session) -> None:
    report = graded(session, MULTI, multi(init="raise ValueError('not today')"))
    assert report.failure is not None
    assert (
        report.failure.evidence.shapes
        == "built as MultiHeadAttention(d_model=12, h=3, dropout=0.0)"
    )


def test_a_banned_call_points_at_its_line(session: Session) -> None:
    forward = "torch.nn.functional.scaled_dot_product_attention(x, x, x)"
    report = graded(session, MULTI, multi(forward=forward))
    assert report.verdict is Verdict.BANNED_CALL
    lines = {f.text for c in report.checks for f in c.evidence.frames}
    assert lines == {forward}
    module = multi(init="self.theirs = nn.MultiheadAttention(d_model, h)")
    report = graded(session, MULTI, module)
    assert report.verdict is Verdict.BANNED_CALL, "rather than: its weights fit no role"
    assert report.failure is not None
    lines = {frame.text for frame in report.failure.evidence.frames}
    assert lines == {"self.theirs = nn.MultiheadAttention(d_model, h)"}


def test_torchs_warnings_are_shown_once_and_without_paths(session: Session) -> None:
    report = graded(session, MULTI, multi(a="s.softmax(-1) => torch.nn.functional.softmax(s)"))
    shown = [line for line in report.output.splitlines() if "Implicit dimension" in line]
    assert len(shown) == 1
    assert shown[0].startswith("warning, line 20: UserWarning: Implicit dimension choice")
    assert "site-packages" not in report.output


def test_a_package_that_is_used_is_asked_for_once(session: Session) -> None:
    text = "from einopps import rearrange\n" + multi(forward="rearrange(x, 'b s d -> s b d')")
    report = graded(session, MULTI, text)
    assert report.verdict is Verdict.INVALID_SUBMISSION
    assert report.checks == ()
    assert report.failure is not None
    assert "`pip install einopps` in the environment of kata" in report.failure.message
