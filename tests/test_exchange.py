"""A question and its answer: nothing in a reply is believed, and nothing in it is our fault."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from grader.exchange.answer import Answer, fault_of, read, trace_of
from grader.exchange.layout import Layout, Projection, Slot
from grader.exchange.local import LazySolution, learn_layout, load_variant
from grader.exchange.matching import Unmatched
from grader.exchange.misfit import named_misfit
from grader.exchange.request import Call, Request, describe
from grader.kata.axes import Axes
from grader.kata.kata import find
from grader.report.verdict import Fault, Verdict
from grader.worker.wire import Message

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
"""What torch has to say of a tensor where a list should be."""

KATA = find("fused-qkv")
FUNCTION = find("sdpa")
D = 4
LAYOUT = Layout((Slot("q.weight", ("query",)), Slot("q.bias", ("query",), bias=True)))
WEIGHTS = {"query": Projection(torch.ones(D, D), torch.ones(D))}
X = torch.arange(12.0).reshape(1, 3, D)
REQUEST = Request(
    {"hidden_dim": D},
    WEIGHTS,
    (Call({"x": X}, cotangent=torch.ones(1, 3, D), keep_inputs=True), Call({"x": X + 1})),
    trace=True,
)


def good_reply() -> Message:
    """What an honest worker says: two answers, the first with gradients and inputs."""
    facts = {"form": "tensor", "shape": [1, 3, D], "dtype": "float32", "device": "cpu"}
    gradients = {
        "input x": torch.full((1, 3, D), 2.0),
        "parameter q.weight": torch.full((D, D), 3.0),
        "parameter q.bias": torch.full((D,), 4.0),
        "parameter norm.weight": torch.full((D,), 5.0),
    }
    first = facts | {
        "output": X * 2,
        "gradients": {"values": gradients},
        "inputs": {"x": X},
        "altered": {"x": ["version"]},
    }
    operands = [{"name": "q.weight", "whole": True, "dim": 2}]
    return {
        "results": [first, facts | {"form": "tuple", "output": X * 3}],
        "error": None,
        "banned": [],
        "trace": [{"call": "linear", "product": True, "operands": operands}],
    }


def refusal(reply: Message, request: Request = REQUEST) -> Fault:
    with pytest.raises(Fault) as raised:
        read(reply, request, LAYOUT)
    return raised.value


# --- an honest reply --------------------------------------------------------------------------


def test_an_honest_reply_becomes_answers_by_role() -> None:
    first, second = read(good_reply(), REQUEST, LAYOUT)
    assert torch.equal(first.output, X * 2)
    assert {name: float(t.flatten()[0]) for name, t in first.gradients.items()} == {
        "input x": 2.0,
        "query weight": 3.0,
        "query bias": 4.0,
    }
    assert torch.equal(first.inputs["x"], X)
    assert first.altered == {"x": ("version",)}
    assert (first.form, second.form) == ("tensor", "tuple")
    assert [a.call for a in (first, second)] == list(REQUEST.calls)
    assert second.gradients == {}
    assert second.inputs == {}
    assert second.shapes == "hidden_dim=4, x (1, 3, 4)"


def test_an_answer_knows_what_the_solution_says_of_the_same_call() -> None:
    asked: list[Request] = []

    def reference(request: Request) -> Sequence[Answer]:
        asked.append(request)
        return read(good_reply(), request, LAYOUT)

    _, second = read(good_reply(), REQUEST, LAYOUT, reference)
    plain = second.plain()
    assert plain is not None
    assert torch.equal(plain.output, X * 3)
    assert asked == [REQUEST]
    assert read(good_reply(), REQUEST, LAYOUT)[0].plain() is None


# --- a forged one -----------------------------------------------------------------------------

JUNK: list[Any] = [
    None, True, -1, 10**30, 1e400, float("nan"), "", "x", "0" * 5000, [], [None], ["x"], [[]], {},
    {"x": None}, {"values": 1}, torch.zeros(0), torch.zeros(()), torch.zeros(2, 3, 4, 5),
    torch.zeros(3, dtype=torch.bool), torch.zeros(1, 3, D, dtype=torch.complex64),
]  # fmt: skip
"""What may stand anywhere in a frame: JSON and tensors."""
REMOVED = object()


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree but the tree itself."""
    found = [path] if path else []
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            found += places(value, (*path, key))
    return found


CANDIDATES = set(Verdict) - {Verdict.ACCEPTED, Verdict.INTERNAL_ERROR}
"""Verdicts of which a submission is the cause."""


def spoilt(tree: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The tree with something else in one of its places, or without that place."""
    tree = copy.deepcopy(tree)
    node = tree
    for key in path[:-1]:
        node = node[key]
    if junk is REMOVED:
        del node[path[-1]]
    else:
        node[path[-1]] = junk
    return tree


def taken(reply: Message) -> None:
    """Take a reply as the judge does; it has to end in answers that are ones, or in a Fault."""
    answers: Sequence[Answer] = ()
    fault = None
    try:
        trace_of(reply)
        answers = read(reply, REQUEST, LAYOUT)
    except Fault as raised:
        fault = raised
    if fault is not None:
        assert fault.verdict in CANDIDATES
        assert fault.message
        return
    assert len(answers) == len(REQUEST.calls)
    for answer in answers:
        tensors = (answer.output, *answer.gradients.values(), *answer.inputs.values())
        assert all(type(tensor) is torch.Tensor for tensor in tensors)
        assert answer.output.device.type == "cpu"
        assert isinstance(answer.form, str)


@pytest.mark.parametrize("path", places(good_reply()), ids=lambda p: ".".join(map(str, p)))
def test_whatever_stands_in_a_reply_is_a_fault_or_an_answer(path: tuple[Any, ...]) -> None:
    for junk in (*JUNK, REMOVED):
        taken(spoilt(good_reply(), path, junk))


ERROR = {
    "stage": "call",
    "type": "ValueError",
    "message": "no\nsecond line",
    "frames": [{"line": 3, "function": "f", "text": "raise ValueError"}],
    "missing": None,
}


@pytest.mark.parametrize("path", places(ERROR), ids=lambda p: ".".join(map(str, p)))
def test_whatever_stands_in_an_error_is_a_fault(path: tuple[Any, ...]) -> None:
    for junk in (*JUNK, REMOVED):
        fault = refusal(good_reply() | {"error": spoilt(ERROR, path, junk)})
        assert fault.verdict in {Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT}


STATE = [
    {"name": "qkv_proj.weight", "shape": [36, 12], "linear": True},
    {"name": "qkv_proj.bias", "shape": [36], "linear": False},
]


def test_a_layout_is_learnt_from_what_a_worker_says_of_its_parameters() -> None:
    asked: list[Message] = []

    def run(message: Message) -> Message:
        asked.append(message)
        return {"error": None, "state": STATE, "results": []}

    layout = learn_layout(KATA, run)
    assert {s.name: s.roles for s in layout.slots if not s.bias} == {"qkv_proj.weight": KATA.fused}
    (message,) = asked
    assert message["inspect"] is True
    assert message["builds"][0]["construct"] == KATA.entry.probe
    assert message["calls"] == []


def test_a_layer_that_cannot_be_built_or_matched_is_told_as_that() -> None:
    with pytest.raises(Fault, match="ValueError: no"):
        learn_layout(KATA, lambda _: {"error": ERROR, "results": [], "state": STATE})
    with pytest.raises(Unmatched, match=r"Found: qkv_proj\.bias 36"):
        learn_layout(KATA, lambda _: {"error": None, "results": [], "state": STATE[1:]})


@pytest.mark.parametrize("path", places({"state": STATE}), ids=lambda p: ".".join(map(str, p)))
def test_whatever_a_worker_says_of_its_parameters_is_not_our_fault(path: tuple[Any, ...]) -> None:
    for junk in (*JUNK, REMOVED):
        reply = {"error": None, "results": [], **spoilt({"state": STATE}, path, junk)}
        with contextlib.suppress(Fault, Unmatched):
            assert learn_layout(KATA, lambda _, reply=reply: reply).slots


@pytest.mark.parametrize("path", places(ERROR), ids=lambda p: ".".join(map(str, p)))
def test_nor_is_the_error_it_gives_instead(path: tuple[Any, ...]) -> None:
    for junk in (*JUNK, REMOVED):
        reply = {"error": spoilt(ERROR, path, junk), "results": []}
        with pytest.raises(Fault):
            learn_layout(KATA, lambda _, reply=reply: reply)


@pytest.mark.parametrize(
    ("spoil", "verdict", "said"),
    [
        ({"results": good_reply()["results"][:1]}, "runtime_error", "fewer answers than calls"),
        ({"banned": ["torch.x", "torch.y"]}, "banned_call", "calls `torch.x`, `torch.y`"),
        ({"results": [{"unfit": "None"}, {}]}, "wrong_answer",
         "returned None, where a tensor is expected"),
        ({"results": [{"meta": True, "shape": [1, 3, D]}] * 2}, "wrong_answer", "device meta"),
        ({"results": 5}, "runtime_error", "the answer is malformed"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_reply_is_said(spoil: Message, verdict: str, said: str) -> None:
    fault = refusal(good_reply() | spoil)
    assert fault.verdict == verdict
    assert said in fault.message


def test_a_banned_call_counts_even_where_the_call_failed() -> None:
    reply = good_reply() | {"banned": ["torch.x"], "error": ERROR, "results": []}
    assert refusal(reply).verdict is Verdict.BANNED_CALL


def test_what_was_passed_stands_beside_what_was_returned_instead_of_a_tensor() -> None:
    fault = refusal(good_reply() | {"results": [{"unfit": "str"}, {}]})
    assert fault.evidence.shapes == "hidden_dim=4, x (1, 3, 4)"


def test_shapes_alone_are_an_answer_where_they_are_all_that_was_asked() -> None:
    reply = good_reply() | {"results": [{"meta": True, "shape": [1, 3, D]}] * 2}
    first, _ = read(reply, replace(REQUEST, device="meta"), LAYOUT)
    assert first.output.shape == (1, 3, D)
    assert first.output.device.type == "meta"


def test_a_gradient_that_does_not_fit_is_told_and_not_made_up() -> None:
    reply = good_reply()
    reply["results"][0]["gradients"] = {"unfit": "detached"}
    answer = read(reply, REQUEST, LAYOUT)[0]
    assert answer.unfit_gradient == "detached"
    assert answer.gradients == {}


def test_a_trace_is_read_as_far_as_it_goes() -> None:
    (entry,) = trace_of(good_reply())
    assert entry == good_reply()["trace"][0]
    assert trace_of({}) == trace_of({"trace": None}) == []


# --- exceptions of the submission -------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words", "verdict", "said"),
    [
        ("ValueError", "no\nmore of it", "runtime_error", "ValueError: no"),
        ("ValueError", "  \n ", "runtime_error", "ValueError"),
        ("MemoryError", "", "memory_limit", "asked for more memory than the limit of 4 GiB: "),
        ("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried",
         "memory_limit", "asked for more memory than the limit of 4 GiB: [enforce fail]"),
        ("RuntimeError", "CUDA out of memory.", "memory_limit", "asked for more memory"),
        ("RuntimeError", "Out of memory", "memory_limit", "asked for more memory"),
        ("RuntimeError", "std::bad_alloc", "memory_limit", "asked for more memory"),
        ("SystemExit", "0", "runtime_error", "calls sys.exit(0)"),
        ("NotImplementedError", "", "runtime_error",
         "NotImplementedError: this part is not written yet"),
        ("NotImplementedError", "mine", "runtime_error", "NotImplementedError: mine"),
        ("EOFError", "EOF when reading a line", "runtime_error",
         "EOFError: reads from the keyboard, which is not there while grading"),
    ],
)  # fmt: skip
def test_an_exception_has_its_verdict_and_its_words(
    kind: str, words: str, verdict: str, said: str
) -> None:
    fault = fault_of(ERROR | {"type": kind, "message": words})
    assert fault.verdict == verdict
    assert fault.message.startswith(said)
    if verdict == "runtime_error":
        assert fault.message == said


def test_an_exception_points_at_the_candidates_lines_and_names_the_input() -> None:
    frames = [
        {"line": n, "function": f"f{n}", "text": f"line {n}"} for n in (0, 7, 10**6, -3, 999_999)
    ]
    fault = fault_of(ERROR | {"frames": frames}, REQUEST)
    told = [(f.line, f.function, f.text) for f in fault.evidence.frames]
    assert told == [(7, "f7", "line 7"), (999_999, "f999999", "line 999999")]
    assert fault.evidence.shapes == "hidden_dim=4, x (1, 3, 4)"
    assert fault_of(ERROR, replace(REQUEST, calls=())).evidence.shapes == ""


# --- requests ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("construct", "arguments", "said"),
    [
        ({"hidden_dim": 12}, {"x": torch.zeros(2, 7, 12)}, "hidden_dim=12, x (2, 7, 12)"),
        ({}, {"mask": torch.ones(7, 7, dtype=torch.bool)}, "mask (7, 7) bool"),
        ({}, {"x": torch.zeros(3, dtype=torch.float16)}, "x (3,) float16"),
        ({"dropout_rate": 0.25}, {"x": torch.zeros(()), "mask": None}, "dropout_rate=0.25, x ()"),
        ({}, {"window": 3, "causal": False}, "window=3, causal=False"),
        ({}, {}, ""),
    ],
)
def test_inputs_are_described_by_name_shape_and_what_is_unusual(
    construct: Message, arguments: Message, said: str
) -> None:
    assert describe(construct, arguments, {}) == said


def test_a_sizes_axis_is_named_where_it_is_known() -> None:
    request = Request({}, {}, (Call({"query": torch.zeros(2, 7, 5)}),), axes=FUNCTION.entry.axes)
    said = request.given(request.calls[0])
    assert said.startswith("query (2, 7, 5) = (")
    assert said.count("(") == 2
    assert said == describe({}, request.calls[0].arguments, FUNCTION.entry.axes)


def test_a_request_is_encoded_for_the_layout_at_hand() -> None:
    message = replace(REQUEST, dtype=torch.float64, seed=3).encode(LAYOUT)
    assert (message["seed"], message["device"], message["trace"]) == (3, "cpu", True)
    (build,) = message["builds"]
    assert build["construct"] == {"hidden_dim": D}
    assert build["state"].keys() == {"q.weight", "q.bias"}
    assert build["dtype"] == "float64"
    assert torch.equal(build["warm"]["x"], X), "a lazy layer learns its sizes from its first call"
    first, second = message["calls"]
    assert first["keep_inputs"] is True
    assert torch.equal(first["cotangent"], torch.ones(1, 3, D))
    assert torch.equal(second["arguments"]["x"], X + 1)
    assert (second["mode"], second["seed"], second["cotangent"]) == ("eval", None, None)


def test_what_is_only_built_is_warmed_up_as_the_request_says() -> None:
    (build,) = replace(REQUEST, calls=(), warm={"x": 1}, weights={}).encode(LAYOUT)["builds"]
    assert build["warm"] == {"x": 1}
    assert build["state"] == {}


# --- our own solution -------------------------------------------------------------------------

QKV = {"query": torch.zeros(2, 3), "key": torch.zeros(2, 3), "value": torch.arange(6.0).view(2, 3)}


def text_of(body: str) -> str:
    return f"def scaled_dot_product_attention(query, key, value, mask=None):\n    {body}\n"


def test_an_edited_solution_answers_as_a_worker_would() -> None:
    variant = load_variant(FUNCTION, text_of("print('noise'); return value * 2"))
    (answer,) = variant.answers(Request({}, {}, (Call(QKV),)))
    assert torch.equal(answer.output, QKV["value"] * 2)


def test_what_an_edited_solution_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    request = Request({}, {}, (Call(QKV),))
    load_variant(FUNCTION, text_of("print('noise'); return value")).answers(request)
    assert capfd.readouterr() == ("", "")


def test_an_edited_solution_that_raises_is_a_fault() -> None:
    variant = load_variant(FUNCTION, text_of("raise ValueError('no')"))
    with pytest.raises(Fault, match="ValueError: no"):
        variant.answers(Request({}, {}, (Call(QKV),)))


def test_an_edited_solution_does_not_touch_the_request() -> None:
    variant = load_variant(FUNCTION, text_of("return value.zero_()"))
    request = Request({}, {}, (Call({n: t.clone() for n, t in QKV.items()}),))
    variant.answers(request)
    assert torch.equal(request.calls[0].arguments["value"], QKV["value"])


COUNTS = """
import torch

SEEN = []


def scaled_dot_product_attention(query, key, value, mask=None):
    SEEN.append(id(value))
    out = value * len(set(SEEN))
    if out.requires_grad:
        out.register_hook(lambda pull: pull * len(SEEN))
    return out
"""


def test_calls_are_given_the_same_tensors_again_where_they_ask_for_it() -> None:
    for again, told in ((False, 2.0), (True, 1.0)):
        calls = (Call(QKV), Call({n: t + 1 for n, t in QKV.items()}, again=again))
        calls = (replace(calls[0], again=again), calls[1])
        answers = load_variant(FUNCTION, COUNTS).answers(Request({}, {}, calls))
        assert torch.equal(answers[1].output, told * (QKV["value"] + 1)), again


def test_backward_passes_wait_for_all_calls_where_they_are_late() -> None:
    pull = torch.ones_like(QKV["value"])
    calls = tuple(Call({n: t + k for n, t in QKV.items()}, cotangent=pull) for k in (0, 1))
    for late, times in ((False, (1.0, 4.0)), (True, (2.0, 4.0))):
        answers = load_variant(FUNCTION, COUNTS).answers(Request({}, {}, calls, late=late))
        for answer, told in zip(answers, times, strict=True):
            assert torch.equal(answer.gradients["input value"], told * pull), late


def test_the_solution_answers_each_request_once() -> None:
    solution = LazySolution(FUNCTION, text_of("return value + torch.rand(())").replace(
        "def", "import torch\ndef", 1))  # fmt: skip
    assert "variant" not in vars(solution), "it is loaded when it is first needed"
    request = Request({}, {}, (Call(QKV),))
    assert solution.answers(request) is solution.answers(request)
    assert solution.answers(replace(request)) is not solution.answers(request)


# --- sizes that do not fit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mat1 and mat2 shapes cannot be multiplied (4x7 and 2x3)", "7 = d_v and 2 = B"),
        ("The size of tensor a (5) must match the size of tensor b (6) at dimension 2",
         "5 = L and 6 = S"),
        ("Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 6].",
         "3 = d_k and 6 = S"),
        ("The size of tensor a (5) must match the size of tensor b (99)", "5 = L and 99"),
    ],
)  # fmt: skip
def test_sizes_that_do_not_fit_are_told_by_their_axes(words: str, expected: str) -> None:
    axes = {"query": Axes.parse("B L d_k"), "key": Axes.parse("B S d_k"),
            "value": Axes.parse("B S d_v")}  # fmt: skip
    given = {"query": torch.zeros(2, 5, 3), "key": torch.zeros(2, 6, 3),
             "value": torch.zeros(2, 6, 7)}  # fmt: skip
    request = Request({}, {}, (Call(given),), axes=axes)
    assert named_misfit(words, request, 0) == (f"the sizes that do not fit are {expected}",)


def test_nothing_is_told_of_sizes_that_have_no_name() -> None:
    request = Request({}, {}, (Call({"x": torch.zeros(2, 5)}),))
    assert named_misfit("shapes cannot be multiplied (3x7 and 2x3)", request, 0) == ()
    assert named_misfit("division by zero", request, 0) == ()
    assert named_misfit("shapes cannot be multiplied (3x7 and 2x3)", request, 1) == ()
