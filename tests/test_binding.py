"""Which parameter takes which argument: every form of the contract gets what it means.

What counts is what arrives: each function here is called as a submission would be.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from grader.kata.entry_point import Parameter
from grader.kata.kata import find
from grader.worker.binding import Binding, Unbindable, bind
from grader.worker.construction import bind_construction

ATTEND = find("sdpa").entry
LAYER = find("multi-head").entry
ONE = (Parameter("x", axes="B S D"), Parameter("attention_mask", "None", mask=True))
TWO = (
    Parameter("x", axes="B L D"),
    Parameter("context", axes="B S D"),
    Parameter("attention_mask", "None", mask=True),
)
TWO_READ = {"query": "x", "key": "context", "value": "context"}


def signature(text: str) -> Callable[..., Any]:
    """A function with this parameter list."""
    scope: dict[str, Any] = {}
    exec(f"def function({text}): ...", scope)
    return scope["function"]  # type: ignore[no-any-return]


def arrived(
    text: str, wanted: tuple[Parameter, ...], reads: Any = None, **arguments: Any
) -> dict[str, Any]:
    """Parameter by parameter, what a submission with this signature receives."""
    function = signature(text)
    args, kwargs = bind(function, wanted, reads).place(arguments)
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


def attended(text: str, **more: Any) -> dict[str, Any]:
    """The same for a function of query, key and value."""
    return arrived(text, ATTEND.call, ATTEND.reads, query="Q", key="K", value="V", **more)


def notes(text: str, wanted: tuple[Parameter, ...], reads: Any = None) -> tuple[str, ...]:
    return bind(signature(text), wanted, reads).notes


# --- functions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["query, key, value, mask=None", "q, k, v, m=None", "a, b, c, d=None",
     "*, q, k, v, mask=None", "Q, K, V, attn_mask=None", "query, key, value, /, mask=None",
     "a, b, c, *, mask=None",
     "q, k, v, mask=None, **options",
     "q, k, v, scale=None, mask=None", "q, k, v, dropout=0.0, is_causal=False, attn_mask=None"],
)  # fmt: skip
def test_arguments_and_a_mask_of_any_name_arrive(text: str) -> None:
    names = list(inspect.signature(signature(text)).parameters)
    mask = next(n for n in reversed(names) if n in {"mask", "m", "d", "attn_mask"})
    expected = dict(zip(names, "QKV", strict=False))
    assert attended(text) == expected, "what is omitted is left out"
    assert attended(text, mask="M") == {**expected, mask: "M"}
    assert attended(text, mask=None) == {**expected, mask: None}


def test_arguments_go_by_the_roles_their_names_speak_of() -> None:
    assert attended("value, key, query, mask=None") == {"value": "V", "key": "K", "query": "Q"}
    assert attended("keys, queries, values") == {"keys": "K", "queries": "Q", "values": "V"}
    said = notes("value, key, query, mask=None", ATTEND.call, ATTEND.reads)
    assert said == ("the arguments are passed in your order: value, key, query",)


def test_names_that_speak_of_fewer_roles_mean_the_katas_own_order() -> None:
    assert attended("key, b, c") == {"key": "Q", "b": "K", "c": "V"}
    assert attended("key, query, x") == {"key": "Q", "query": "K", "x": "V"}


def test_a_mask_without_a_default_is_given_none() -> None:
    assert attended("q, k, v, mask") == {"q": "Q", "k": "K", "v": "V", "mask": None}
    assert attended("q, k, v, mask", mask="M")["mask"] == "M"


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("q, k, v, causal_mask=None, padding_mask=None", "padding_mask"),
        ("q, k, v, key_padding_mask=None, attn_mask=None", "attn_mask"),
        ("q, k, v, my_mask=None, key_padding_mask=None", "key_padding_mask"),
        ("q, k, v, causal_mask=None, other_mask=None", "causal_mask"),
        ("q, k, v, my_mask=None, mask=None", "mask"),
        ("q, k, v, causal_mask, padding_mask", "padding_mask"),
    ],
)
def test_of_two_masks_one_is_the_katas(text: str, takes: str) -> None:
    got = attended(text, mask="M")
    assert got.pop(takes) == "M"
    assert {value for name, value in got.items() if "mask" in name} <= {None}


def test_a_mask_never_lands_in_an_option_that_means_something_else() -> None:
    for option in ("dropout", "scale", "is_causal", "training", "eps", "dtype", "temperature"):
        with pytest.raises(TypeError, match="takes no `mask` argument"):
            attended(f"q, k, v, {option}=None", mask="M")
        assert set(attended(f"q, k, v, {option}=None")) == {"q", "k", "v"}


def test_who_swallows_arguments_gets_the_mask_too() -> None:
    assert attended("*args", mask="M") == {"args": ("Q", "K", "V", "M")}
    assert attended("q, k, v, *rest", mask="M")["rest"] == ("M",)
    assert attended("q, k, v, **named", mask="M")["named"] == {"mask": "M"}


MASKED = (Parameter("value", axes="… S d_v"), Parameter("mask", axes="… L S", mask=True))


@pytest.mark.parametrize("text", ["value, mask", "v, m", "mask, value", "v, *, attn_mask", "*args"])
def test_a_mask_that_every_call_gives_has_its_place_too(text: str) -> None:
    got = arrived(text, MASKED, value="V", mask="M")
    names = list(inspect.signature(signature(text)).parameters)
    mask = next((n for n in names if n in {"mask", "m", "attn_mask"}), None)
    if mask is None:
        assert got == {"args": ("V", "M")}
    else:
        assert got == dict(zip(names, "MV" if names[0] == mask else "VM", strict=True))
    with pytest.raises(Unbindable, match=r"takes \(value\), where the kata passes value, mask"):
        bind(signature("value"), MASKED)


def test_what_cannot_be_told_goes_by_place() -> None:
    """Compiled code may have no signature to look at."""

    class Silent:
        @property
        def __signature__(self) -> inspect.Signature:
            raise ValueError

        def __call__(self) -> None: ...

    args, kwargs = bind(Silent(), ATTEND.call).place({"query": 1, "key": 2, "value": 3, "mask": 4})
    assert (args, kwargs) == ([1, 2, 3, 4], {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q, k", "takes (q, k), where the kata passes query, key, value"),
        ("", "takes no argument, where the kata passes query, key, value"),
        ("q, k, v, mask, a, b=1, *, c", "also needs a, c, which the kata does not pass"),
        ("*, q, k", "takes (q, k), where the kata passes query, key, value"),
    ],
)
def test_who_cannot_take_the_call_is_told_why(text: str, said: str) -> None:
    with pytest.raises(Unbindable) as raised:
        bind(signature(text), ATTEND.call, ATTEND.reads)
    assert str(raised.value) == said


# --- layers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["query, key, value, mask=None", "q, k, v, attn_mask=None"])
def test_a_layer_of_three_arguments_is_given_x_three_times(text: str) -> None:
    reads = dict.fromkeys(("query", "key", "value"), "x")
    got = arrived(text, ONE, reads, x="X", attention_mask="M")
    assert list(got.values()) == ["X", "X", "X", "M"]
    assert notes(text, ONE, reads)[0] == "x is passed three times, as query, key and value"


def test_x_is_passed_once_where_nothing_says_otherwise() -> None:
    reads = dict.fromkeys(("query", "key", "value"), "x")
    assert arrived("hidden_states, m=None", ONE, reads, x="X", attention_mask="M") == {
        "hidden_states": "X",
        "m": "M",
    }
    optional = arrived("query, key=None, value=None, mask=None", ONE, reads, x="X")
    assert optional == {"query": "X", "key": "X", "value": "X"}
    with pytest.raises(Unbindable):
        bind(signature("a, b, c"), ONE, reads)


def test_a_layer_of_two_inputs_may_be_written_with_three() -> None:
    passed = {"x": "X", "context": "C", "attention_mask": "M"}
    assert arrived("x, context, mask=None", TWO, TWO_READ, **passed) == {
        "x": "X", "context": "C", "mask": "M",
    }  # fmt: skip
    assert arrived("query, key, value, mask=None", TWO, TWO_READ, **passed) == {
        "query": "X", "key": "C", "value": "C", "mask": "M",
    }  # fmt: skip
    assert arrived("value, key, query, mask=None", TWO, TWO_READ, **passed)["query"] == "X"


def test_a_mask_under_another_name_is_noted() -> None:
    assert notes("x, padding_mask=None", ONE) == ("the mask is passed as `padding_mask`",)
    assert notes("x, attention_mask=None", ONE) == ()
    assert notes("x", ONE) == ()


# --- construction -----------------------------------------------------------------------------

BUILT = {
    "the stub's": "hidden_dim, num_heads, dropout_rate=0.0",
    "the field's": "d_model, n_heads, dropout=0.1",
    "anybody's": "a, b, c",
    "a rate of no default": "hidden_dim, num_heads, dropout_rate",
    "an option before it": "hidden_dim, num_heads, bias=True, dropout=0.1",
    "options before it": "hidden_dim, num_heads, qkv_bias=False, attn_drop=0.0, proj_drop=0.0",
    "by its name alone": "hidden_dim, num_heads, *, p=0.1",
    "one letter": "hidden_dim, num_heads, max_len=512, p=0.1",
    "any further ones": "hidden_dim, num_heads, **options",
}
RATE = {
    "the stub's": "dropout_rate", "the field's": "dropout", "anybody's": "c",
    "a rate of no default": "dropout_rate", "an option before it": "dropout",
    "options before it": "attn_drop", "by its name alone": "p", "one letter": "p",
}  # fmt: skip


def built(text: str, **values: Any) -> dict[str, Any]:
    """What a constructor with this signature receives."""
    function = signature(text)
    args, kwargs = bind_construction(function, "Layer", LAYER).place(values, "cpu", 7)
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


@pytest.mark.parametrize("form", BUILT)
def test_a_layer_is_built_in_the_katas_order_and_its_rate_by_name(form: str) -> None:
    got = built(BUILT[form], hidden_dim=12, num_heads=3, dropout_rate=0.5)
    got.pop("max_len", None)
    assert list(got.values())[:2] == [12, 3]
    if form == "any further ones":
        assert got["options"] == {"dropout_rate": 0.5}
    else:
        assert got == {**dict(list(got.items())[:2]), RATE[form]: 0.5}


def test_a_rate_has_no_place_among_options_that_mean_something_else() -> None:
    for option in ("bias=True", "qkv_bias=False", "device=None", "head_dim=None", "max_len=512"):
        bound = bind_construction(signature(f"hidden_dim, num_heads, {option}"), "Layer", LAYER)
        assert bound.lacks == ("dropout_rate",)


def test_nothing_lands_twice_in_one_parameter() -> None:
    wanted = (
        Parameter("x", axes="B"),
        Parameter("mask", "None", mask=True),
        Parameter("temperature", "0.1"),
    )
    got = arrived("x, mask=None, t=1.0", wanted, x="X", mask="M", temperature="T")
    assert got == {"x": "X", "mask": "M", "t": "T"}
    assert arrived("x, a=None, b=None", wanted, x="X", mask="M", temperature="T") == {
        "x": "X", "a": "M", "b": "T",
    }  # fmt: skip


def test_the_same_signature_is_always_bound_in_the_same_way() -> None:
    """Whatever is passed: a mask that comes and goes never changes who gets what."""
    bound = bind(signature("q, k, v, mask"), ATTEND.call, ATTEND.reads)
    assert bound.place({"query": 1, "key": 2, "value": 3}) == ([1, 2, 3, None], {})
    assert isinstance(bound, Binding)
    assert bound == bind(signature("q, k, v, mask"), ATTEND.call, ATTEND.reads)
