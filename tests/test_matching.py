"""Whose weight is which: every naming that the field uses, and a clear word where none fits."""

from __future__ import annotations

import pytest
import torch

from grader.exchange.fitting import Kind
from grader.exchange.layout import Layout, Projection, Slot
from grader.exchange.matching import Unmatched, match, readings, role_of

FIELD_NAMES = {
    "query": "query_proj q_proj W_q w_q wq linear_q to_q query query_f W_query fc_q attn.q".split(),
    "key": "key_proj k_proj W_k w_k wk linear_k to_k key key_f W_key proj.key keyProj".split(),
    "value": "value_proj v_proj W_v w_v wv linear_v to_v value value_f W_value values".split(),
    "output": "output_proj out_proj o_proj c_proj W_o fc dense to_out.0 fc_out out".split(),
}
D = 12
ROLES = dict.fromkeys(("query", "key", "value", "output"), (D, D))
UNLIKE = {"query": (12, 8), "key": (4, 8), "value": (6, 8), "output": (8, 6)}
"""Roles whose sizes all differ."""
FUSED = ("query", "key", "value")

State = list[tuple[str, tuple[int, ...]]]


@pytest.mark.parametrize(("role", "names"), FIELD_NAMES.items())
def test_a_role_is_known_by_every_name_of_the_field(role: str, names: list[str]) -> None:
    assert {name: role_of(f"{name}.weight") for name in names} == dict.fromkeys(names, role)


@pytest.mark.parametrize("name", ["qkv", "c_attn", "in_proj", "to_qkv", "proj", "mix", "norm"])
def test_other_names_speak_of_no_single_role(name: str) -> None:
    assert role_of(f"{name}.weight") is None


@pytest.mark.parametrize("name", ["query_key", "W_kv", "key_to_value", "q_and_k_proj"])
def test_a_name_that_speaks_of_two_roles_speaks_of_neither(name: str) -> None:
    assert role_of(f"{name}.weight") is None


def test_the_innermost_word_that_says_something_counts() -> None:
    assert role_of("query_block.key.weight") == "key"
    assert role_of("query.linear.weight") == "query"
    assert role_of("query_features.0.weight") == "query"
    assert role_of("queryFeatures.weight") == "query"


# --- families of contracts --------------------------------------------------------------------


def linears(*names: str, bias: bool = False) -> State:
    """Square linear layers, in this order."""
    state: State = []
    for name in names:
        state.append((f"{name}.weight", (D, D)))
        if bias:
            state.append((f"{name}.bias", (D,)))
    return state


def found(state: State, **options: object) -> dict[str, tuple[str, ...]]:
    """Parameter by parameter, the roles it was matched to."""
    layout = match(state, ROLES, FUSED, **options)  # type: ignore[arg-type]
    return {slot.name: slot.roles for slot in layout.slots}


SEPARATE = list(zip(*(FIELD_NAMES[role][:10] for role in ROLES), strict=True))


@pytest.mark.parametrize("names", SEPARATE, ids="-".join)
@pytest.mark.parametrize("bias", [False, True])
def test_separate_projections_under_any_of_the_fields_names(
    names: tuple[str, ...], bias: bool
) -> None:
    """Whatever order they were created in."""
    expected = dict(zip(names, ROLES, strict=True))
    for order in (names, names[::-1], names[2:] + names[:2]):
        matched = found(linears(*order, bias=bias))
        assert matched == {
            f"{name}.{kind}": (role,)
            for name, role in expected.items()
            for kind in (("weight", "bias") if bias else ("weight",))
        }


@pytest.mark.parametrize("name", "proj qkv qkv_proj c_attn in_proj to_qkv anything".split())
@pytest.mark.parametrize("output", ["out_proj", "to_out.0", "mystery"])
@pytest.mark.parametrize("bias", [False, True])
def test_one_fused_weight_under_any_name(name: str, output: str, bias: bool) -> None:
    state: State = [(f"{name}.weight", (3 * D, D)), *linears(output, bias=bias)]
    expected = {f"{name}.weight": FUSED, f"{output}.weight": ("output",)}
    if bias:
        state.insert(1, (f"{name}.bias", (3 * D,)))
        expected |= {f"{name}.bias": FUSED, f"{output}.bias": ("output",)}
    assert found(state) == expected
    assert found(state[::-1]) == expected


@pytest.mark.parametrize("shape", [(3 * D, D), (D, 3 * D)])
def test_a_fused_weight_holds_query_key_value_in_this_order(shape: tuple[int, int]) -> None:
    layout = match([("anything", shape), ("out_proj.weight", (D, D))], ROLES, FUSED)
    weights = {r: Projection(torch.full((D, D), float(i))) for i, r in enumerate(ROLES)}
    stored = layout.state(weights)["anything"]
    rows = stored if shape == (3 * D, D) else stored.T
    assert rows[:, 0].tolist() == [0.0] * D + [1.0] * D + [2.0] * D
    assert layout.fused()


def test_key_and_value_may_be_fused_beside_a_query() -> None:
    state: State = [("to_q.weight", (D, D)), ("to_kv.weight", (2 * D, D)), ("out.weight", (D, D))]
    assert found(state) == {
        "to_q.weight": ("query",),
        "to_kv.weight": ("key", "value"),
        "out.weight": ("output",),
    }


NUMBERED = {
    "a list of four": [f"linears.{i}.weight" for i in range(4)],
    "a list of four from the end": [f"linears.{i}.weight" for i in (3, 1, 0, 2)],
    "a list of ten and more": [f"layers.{i}.weight" for i in (10, 11, 9, 8)],
    "numbers in names": [f"w{i}.weight" for i in range(1, 5)],
    "a list of parameters": [f"weights.{i}" for i in range(4)],
    "three and an output": [*(f"proj.{i}.weight" for i in range(3)), "out.weight"],
    "three and another": [*(f"proj.{i}.weight" for i in range(3)), "mystery.weight"],
}


@pytest.mark.parametrize("names", NUMBERED.values(), ids=NUMBERED)
def test_numbered_lists_are_in_the_order_query_key_value_output(names: list[str]) -> None:
    matched = found([(name, (D, D)) for name in names])

    def number(name: str) -> int:
        return int("".join(c for c in name if c.isdigit()) or 99)

    assert [matched[name] for name in sorted(names, key=number)] == [(role,) for role in ROLES]


@pytest.mark.parametrize(
    ("names", "orders"), [("list.{}.weight", 1), ("{}", 1), ("w{}.weight", 24)]
)
def test_a_list_is_in_order_and_names_with_numbers_are_what_answers_say(
    names: str, orders: int
) -> None:
    state = [(names.format(i), (D, D)) for i in range(4)]
    layouts = readings(state, Kind(ROLES, FUSED)).layouts
    assert len({frozenset((slot.name, slot.roles) for slot in x.slots) for x in layouts}) == orders


@pytest.mark.parametrize("stem", ["proj", "layers", "attention.weights"])
def test_dicts_and_nested_modules_are_known_by_their_keys(stem: str) -> None:
    state = linears(*(f"{stem}.{key}" for key in ("query", "key", "value", "output")))
    assert found(state) == {f"{stem}.{role}.weight": (role,) for role in ROLES}


def test_an_output_is_whatever_square_weight_is_left() -> None:
    assert found(linears("q", "k", "v", "zzz"))["zzz.weight"] == ("output",)
    with pytest.raises(Unmatched, match="output 12×12"):
        match(linears("q", "k", "v", "zzz", "yyy"), ROLES, FUSED)


def test_the_one_weight_left_over_is_that_of_the_one_role_left_over() -> None:
    assert found(linears("q", "k", "zzz", "out"))["zzz.weight"] == ("value",)
    with pytest.raises(Unmatched, match="value 12×12"):
        match(linears("q", "k", "k_too", "out"), ROLES, FUSED)
    with pytest.raises(Unmatched, match="value 12×12, output 12×12"):
        match(linears("q", "k", "zzz"), ROLES, FUSED)


# --- roles of a kata's own --------------------------------------------------------------------

ADDITIVE = {"query": (12, 8), "key": (12, 4), "score": (1, 12)}
OWN = {"score": ("v", "energy")}


@pytest.mark.parametrize("name", ["v", "energy", "score", "V", "attn.energy"])
def test_a_role_of_its_own_goes_by_the_names_that_the_kata_gives_it(name: str) -> None:
    state: State = [(f"{name}.weight", (1, 12)), ("W_q.weight", (12, 8)), ("W_k.weight", (12, 4))]
    also: State = [*state, ("spare.weight", (1, 12))]
    for one in (state, also):
        layout = match(one, ADDITIVE, own=OWN)
        assert {slot.name: slot.roles for slot in layout.slots}[f"{name}.weight"] == ("score",)


def test_where_names_say_nothing_a_shape_of_its_own_does() -> None:
    state: State = [("a.weight", (12, 4)), ("b.weight", (1, 12)), ("c.weight", (12, 8))]
    assert {slot.name: slot.roles for slot in match(state, ADDITIVE).slots} == {
        "a.weight": ("key",), "b.weight": ("score",), "c.weight": ("query",),
    }  # fmt: skip
    with pytest.raises(Unmatched, match="score 1×12"):
        match([*state, ("d.weight", (1, 12))], ADDITIVE)


@pytest.mark.parametrize("names", [("W_k", "W_q", "v"), ("value", "out", "fc"), ("q", "q2", "w_v")])
def test_a_name_says_nothing_of_a_role_that_its_weight_cannot_have(names: tuple[str, ...]) -> None:
    shapes = ((12, 8), (12, 4), (1, 12))
    state: State = [(f"{n}.weight", shape) for n, shape in zip(names, shapes, strict=True)]
    slots = match(state, ADDITIVE).slots
    assert {slot.name[:-7]: slot.roles[0] for slot in slots} == dict(
        zip(names, ADDITIVE, strict=True)
    )


# --- side by side, and a single row -------------------------------------------------------------

BESIDE = Kind(ADDITIVE, own=OWN, columns=("query", "key"))


def beside(*state: tuple[str, tuple[int, ...]]) -> list[dict[str, tuple[str, ...]]]:
    linear = [name for name, _ in state if name.endswith(".weight")]
    return [{s.name: s.roles for s in one.slots} for one in readings(state, BESIDE, linear).layouts]


def test_roles_may_lie_side_by_side_in_one_weight_with_one_bias() -> None:
    state = (("attn.0.weight", (12, 12)), ("attn.0.bias", (12,)), ("attn.2.weight", (1, 12)))
    assert beside(*state) == [
        {"attn.0.weight": ("query", "key"), "attn.0.bias": ("query",), "attn.2.weight": ("score",)}
    ]
    assert {"W": ("query", "key")}.items() <= beside(("W", (12, 12)), ("v", (12,)))[0].items()


def test_columns_go_in_and_come_out_in_the_order_of_the_roles() -> None:
    weights = {r: Projection(torch.randn(out, width)) for r, (out, width) in ADDITIVE.items()}
    for transposed in (False, True):
        slot = Slot("W", ("query", "key"), transposed, beside=True)
        whole = slot.gather(weights)
        columns = whole.T if transposed else whole
        assert torch.equal(columns[:, :8], weights["query"].weight)
        query, key = slot.scatter(whole, weights)
        assert torch.equal(query, weights["query"].weight)
        assert torch.equal(key, weights["key"].weight)


def test_a_single_row_may_be_a_vector_and_a_bias_beside_it_is_told_by_answers() -> None:
    others = (("W_q.weight", (12, 8)), ("W_k.weight", (12, 4)))
    for shape in ((12,), (12, 1), (1, 12), (1, 1, 12)):
        (layout,) = readings([*others, ("v", shape)], BESIDE, ["W_q.weight", "W_k.weight"]).layouts
        weights = {r: Projection(torch.randn(*size)) for r, size in ADDITIVE.items()}
        value = layout.state(weights)["v"]
        assert tuple(value.shape) == shape
        assert torch.equal(
            layout.read({"v": value}, weights)["score weight"], weights["score"].weight
        )
    found = beside(*others, ("a", (12,)), ("b", (12,)))
    assert [one.get("a") or one.get("b") for one in found] == [("score",), ("score",)]
    assert {name for one in found for name in one} == {"W_q.weight", "W_k.weight", "a", "b"}


# --- bare parameters --------------------------------------------------------------------------


def turned(layout: Layout) -> dict[str, bool]:
    return {slot.name: slot.transposed for slot in layout.slots}


def test_a_bare_matrix_is_read_as_in_out_unless_its_shape_says_otherwise() -> None:
    state: State = [("W_q", (8, 12)), ("W_k", (4, 8)), ("W_v", (8, 6)), ("W_o.weight", (8, 6))]
    assert turned(match(state, UNLIKE)) == {
        "W_q": True,
        "W_k": False,
        "W_v": True,
        "W_o.weight": False,
    }
    square = match([(f"W_{r}", (D, D)) for r in "qkvo"], ROLES, FUSED)
    assert set(turned(square).values()) == {True}


def test_what_is_linear_is_told_by_the_worker_and_else_by_the_name() -> None:
    state: State = [(f"W_{r}.weight", (D, D)) for r in "qkvo"]
    assert set(turned(match(state, ROLES, FUSED)).values()) == {False}
    assert set(turned(match(state, ROLES, FUSED, linear=[])).values()) == {True}
    named: State = [(f"W_{r}", (D, D)) for r in "qkvo"]
    told = match(named, ROLES, FUSED, linear=["W_k"])
    assert turned(told) == {"W_q": True, "W_k": False, "W_v": True, "W_o": True}


def test_a_linear_weight_the_wrong_way_round_is_nobodys() -> None:
    with pytest.raises(Unmatched):
        match([("q.weight", (8, 12)), *[(f"{r}.weight", UNLIKE[r]) for r in UNLIKE][1:]], UNLIKE)


BIASES = {
    "by name": ([("b_q", (D,)), ("b_v", (D,))], {"b_q": ("query",), "b_v": ("value",)}),
    "spelt out": ([("query_bias", (D,))], {"query_bias": ("query",)}),
    "not of its size": ([("b_q", (D + 1,))], {}),
    "of nobody": ([("bias", (D,))], {}),
}


@pytest.mark.parametrize(("more", "expected"), BIASES.values(), ids=BIASES)
def test_bare_biases_are_known_by_name_and_shape(
    more: State, expected: dict[str, tuple[str, ...]]
) -> None:
    state: State = [*((f"W_{r}", (D, D)) for r in "qkvo"), *more]
    layout = match(state, ROLES, FUSED)
    assert {s.name: s.roles for s in layout.slots if s.bias} == expected
    roles = {role for each in expected.values() for role in each}
    assert {role for role in ROLES if layout.biased(role)} == roles


def test_a_linear_layers_bias_is_its_own_and_of_its_size() -> None:
    state: State = [("qkv.weight", (3 * D, D)), ("out.weight", (D, D)), ("out.bias", (D + 1,))]
    layout = match([*state, ("scale", (3 * D,))], ROLES, FUSED, linear=["qkv.weight", "out.weight"])
    assert not any(layout.biased(role) for role in ROLES)


def test_a_bare_bias_of_a_fused_weight_is_known_by_its_size_or_role_by_role() -> None:
    state: State = [("W", (D, 3 * D)), ("out.weight", (D, D))]
    assert found([*state, ("b", (3 * D,))])["b"] == FUSED
    one_by_one = found([*state, ("b_q", (D,)), ("b_k", (D,)), ("b_v", (D,))])
    assert one_by_one == {
        "W": FUSED,
        "out.weight": ("output",),
        "b_q": ("query",),
        "b_k": ("key",),
        "b_v": ("value",),
    }


def test_the_bias_of_another_layer_is_no_projections_bias() -> None:
    """A LayerNorm over the queries has a vector of just the right size."""
    state = [*linears("q", "k", "v", "o"), ("query_norm.weight", (D,)), ("query_norm.bias", (D,))]
    layout = match(state, ROLES, FUSED, linear=[n for n, s in state if len(s) == 2])
    assert not any(layout.biased(role) for role in ROLES)


# --- what does not fit ------------------------------------------------------------------------


def test_what_cannot_be_matched_lists_expected_and_found() -> None:
    with pytest.raises(Unmatched, match=r"value 12×12.*Found: q.weight 12×12, k.weight 12×12"):
        match([("q.weight", (D, D)), ("k.weight", (D, D))], ROLES, FUSED)
    with pytest.raises(Unmatched, match=r"query 12×12, key 12×12.*Found: no parameter") as raised:
        match([], ROLES, FUSED)
    assert raised.value.shapes == ()


def test_only_what_is_missing_is_listed_as_expected() -> None:
    with pytest.raises(Unmatched) as raised:
        match(linears("q", "k"), ROLES, FUSED)
    expected, _, _ = str(raised.value).partition("Found")
    assert "query" not in expected
    assert raised.value.shapes == ((D, D), (D, D))


@pytest.mark.parametrize(
    "state",
    [
        linears("to_q", "q_proj", "k", "v", "o"),
        [("a", (3 * D, D)), ("b", (3 * D, D)), ("out.weight", (D, D))],
        [("qkv.weight", (3 * D, D + 1)), ("out.weight", (D, D))],
        [("q.weight", (D, D, 2)), *linears("k", "v", "o")],
        linears("q.0", "q.1", "q.2", "o"),
    ],
    ids=["two queries", "two fused", "another width", "another rank", "three queries"],
)
def test_what_can_be_read_in_two_ways_or_none_is_not_guessed(state: State) -> None:
    with pytest.raises(Unmatched):
        match(state, ROLES, FUSED)


def test_a_fused_weight_is_none_that_another_role_could_have() -> None:
    """Where three narrow roles together have as many rows as another has by itself."""
    roles = {"query": (4, D), "key": (4, D), "value": (4, D), "output": (D, D)}
    state: State = [("mystery.weight", (D, D)), *((f"{r}.weight", (4, D)) for r in "qkv")]
    layout = match(state, roles, FUSED)
    assert {s.name: s.roles for s in layout.slots}["mystery.weight"] == ("output",)


def test_parameters_without_a_role_are_extras() -> None:
    state = [(f"linears.{i}.weight", (D, D)) for i in range(4)] + [("norm.weight", (D,))]
    layout = match(state, ROLES, FUSED)
    assert layout.extras == ("norm.weight 12",)
    assert layout.found == tuple(state)


def test_a_kata_without_an_output_has_none() -> None:
    roles = {role: ROLES[role] for role in FUSED}
    layout = match(linears("q", "k", "v", "out"), roles, FUSED)
    assert layout.extras == ("out.weight 12×12",)
