"""What came of a question: how a worker's reply becomes believed answers, or a fault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from grader.exchange.layout import Layout
from grader.exchange.matching import Unmatched
from grader.exchange.names import import_line, undefined
from grader.exchange.request import Build, Call, Request, describe
from grader.report.verdict import CandidateFrame, Evidence, Fault, Verdict
from grader.worker.endless import Endless
from grader.worker.wire import Message


@dataclass(frozen=True)
class Answer:
    """What one call returned, checked to be a plain tensor, with what is needed to judge it."""

    output: Tensor
    form: str
    request: Request
    place: int
    gradients: Mapping[str, Tensor] = field(default_factory=dict)
    """By `"input query"`, `"query weight"`, `"query bias"`; absent where there is none."""
    inputs: Mapping[str, Tensor] = field(default_factory=dict)
    """The arguments as they were afterwards, where the call asked for them."""
    altered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What of an argument was then no longer what it had been: `shape`, `strides`, `version`."""
    unfit_gradient: str = ""
    trace: Sequence[Message] = ()
    """What touched the parameters in the calls up to this one, where the request asked for it."""
    layout: Layout = field(default_factory=Layout, repr=False)
    reference: Callable[[Request], Sequence[Answer]] | None = field(default=None, repr=False)

    @property
    def call(self) -> Call:
        """The call that this answers."""
        return self.request.calls[self.place]

    @cached_property
    def build(self) -> Build:
        """What answered: its construction, and the weights and dtype it had by then."""
        return self.request.held[self.place]

    @property
    def whole(self) -> Mapping[str, Any]:
        """The arguments of the call, and before them those of the calls that it goes on from."""
        return self.request.whole(self.place)

    def products(self, role: str) -> list[bool]:
        """The products with the weight that holds a role; true where all of it took part."""
        names = {s.name for s in self.layout.slots if role in s.roles and not s.bias}
        taken = (
            [o["whole"] for o in event["operands"] if o["name"] in names]
            for event in self.trace
            if event["product"]
        )
        return [all(whole) for whole in taken if whole]

    def plain(self) -> Answer | None:
        """The same call answered by the project's own solution, in the same dtype."""
        return None if self.reference is None else self.reference(self.request)[self.place]

    def unaided(self) -> Answer:
        """The answer without the solution beside it, which goes another way."""
        return replace(self, reference=None)

    @property
    def shapes(self) -> str:
        """Names and shapes of what was passed, for a message."""
        return self.request.given(self.call)


@dataclass
class Exchange:
    """A request and how it went: the answers, or the fault it ended with."""

    request: Request
    answers: tuple[Answer, ...] = ()
    fault: Fault | None = None
    error: Message | None = None
    """The submission's exception as its worker told it: stage, type, message."""
    done: int = 0
    """How many calls had been answered when it came."""
    trace: Sequence[Message] = ()
    """What touched the parameters, where the request asked for it."""


@contextlib.contextmanager
def disbelieving() -> Iterator[None]:
    """Reads what a worker said: whatever a forged reply breaks here is the candidate's doing."""
    try:
        yield
    except (Fault, Unmatched):
        raise
    except Exception as error:
        raise Fault(
            Verdict.RUNTIME_ERROR, f"the answer is malformed ({type(error).__name__})"
        ) from None


def read(
    reply: Message,
    request: Request,
    layout: Layout,
    reference: Callable[[Request], Sequence[Answer]] | None = None,
) -> tuple[Answer, ...]:
    """Believe nothing: turn a reply into checked answers, or raise the candidate's Fault."""
    with disbelieving():
        return tuple(_answers(reply, request, layout, reference))


def _answers(
    reply: Message,
    request: Request,
    layout: Layout,
    reference: Callable[[Request], Sequence[Answer]] | None,
) -> Iterable[Answer]:
    assert_nothing_banned(reply)
    if reply.get("error"):
        raise fault_of(reply["error"], request, len(reply.get("results") or ()))
    trace = trace_of(reply) if request.trace else []
    results = reply["results"]
    if len(results) != len(request.calls):
        raise Fault(Verdict.RUNTIME_ERROR, "fewer answers than calls")
    for place, (result, call) in enumerate(zip(results, request.calls, strict=True)):
        if "unfit" in result:
            lost = ": is a `return` missing?" if result["unfit"] == "None" else ""
            raise Fault(
                Verdict.WRONG_ANSWER,
                f"returned {result['unfit']}, where a tensor is expected{lost}",
                Evidence(shapes=request.given(call)),
            )
        meta = result.get("meta") is True
        if meta and request.device != "meta":
            raise Fault(Verdict.WRONG_ANSWER, "returned a tensor without data (device meta)")
        output = torch.empty(result["shape"], device="meta") if meta else result["output"]
        if not isinstance(output, Tensor):
            raise TypeError("output")
        gradients = result.get("gradients") or {}
        values = gradients.get("values") or {}
        after = result.get("inputs") or {}
        if not all(isinstance(t, Tensor) for t in (*values.values(), *after.values())):
            raise TypeError("tensors")
        altered = {str(n): tuple(map(str, f)) for n, f in (result.get("altered") or {}).items()}
        inputs = {n: g for n, g in values.items() if n.startswith("input ")}
        own = {n.removeprefix("parameter "): g for n, g in values.items() if n not in inputs}
        held = request.held[place]
        yield Answer(
            output=output,
            form=str(result.get("form")),
            request=request,
            place=place,
            gradients=inputs | layout.read(own, held.weights, held.construct),
            inputs=after,
            altered=altered,
            trace=trace,
            layout=layout,
            unfit_gradient=str(gradients.get("unfit", "")),
            reference=reference,
        )


def assert_nothing_banned(reply: Message) -> None:
    """Raises the Fault of a reply that tells of a banned call, with the candidate's line of it."""
    banned = [str(name) for name in reply.get("banned") or ()]
    if not banned:
        return
    names = ", ".join(f"`{name}`" for name in banned)
    raise Fault(
        Verdict.BANNED_CALL,
        f"calls {names}: this kata is about writing that yourself",
        Evidence(frames=_frames((reply.get("lines") or {}).get(name) for name in banned)),
    )


def trace_of(reply: Message) -> list[Message]:
    """The trace in a reply, as far as it has the form of one."""
    with disbelieving():
        return [
            {
                "call": str(entry["call"]),
                "product": entry["product"] is True,
                "operands": [
                    {"name": str(o["name"]), "whole": o["whole"] is True, "dim": int(o["dim"])}
                    for o in entry["operands"]
                ],
            }
            for entry in reply.get("trace") or ()
        ]


MAX_LINES = 1_000_000
MAX_COLUMNS = 10_000
"""No line of a submission is as long."""


MEMORY_WORDS = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")


def fault_of(error: Message, request: Request | None = None, done: int = 0) -> Fault:
    """The candidate's exception as a fault, with the candidate's own traceback lines.

    done: how many calls of the request had been answered.
    """
    kind, words = str(error["type"]), str(error["message"]).strip()
    evidence = Evidence(frames=_frames(error["frames"]), shapes=_given(error, request, done))
    first = words.splitlines()[0] if words else ""
    missing = str(error.get("missing") or "")
    if missing and kind == "ModuleNotFoundError":
        return Fault(Verdict.INVALID_SUBMISSION, _absent(missing), evidence)
    if overrun := _overrun(kind, first, words, evidence):
        return overrun
    if error.get("stage") == "weights":
        return Fault(Verdict.RUNTIME_ERROR, first, replace(evidence, formal=True))
    name = undefined(kind, words)
    if name:
        used = next((f.text for f in reversed(evidence.frames)), "")
        line = import_line(name, used)
        said = f"`{name}` is not imported: add the line `{line}`" if line else f"{kind}: {first}"
        return Fault(Verdict.RUNTIME_ERROR, said, replace(evidence, undefined=name))
    if kind == "SystemExit":
        return Fault(Verdict.RUNTIME_ERROR, f"calls sys.exit({first})", evidence)
    if kind == "NotImplementedError" and not words:
        words = first = "this part is not written yet"
    if kind == "EOFError":
        first = "reads from the keyboard, which is not there while grading"
    said = f"{kind}: {first}" if first else kind
    alone = kind == "NoState"
    return Fault(
        Verdict.WRONG_ANSWER if alone else Verdict.RUNTIME_ERROR, first if alone else said, evidence
    )


def _overrun(kind: str, first: str, words: str, evidence: Evidence) -> Fault | None:
    """The fault of what took too much memory, or went on and on; None for other exceptions."""
    if kind == Endless.__name__:
        return Fault(Verdict.TIME_LIMIT, first, replace(evidence, hung=True))
    if kind == "MemoryError" or any(word in words.lower() for word in MEMORY_WORDS):
        said = f"asked for more memory than the limit of 4 GiB: {first}"
        return Fault(Verdict.MEMORY_LIMIT, said, evidence)
    return None


def _frames(said: Iterable[Message | None]) -> tuple[CandidateFrame, ...]:
    """Lines of the candidate's, as far as they can be lines."""
    return tuple(
        CandidateFrame(int(f["line"]), str(f["function"]), str(f["text"]), _columns(f))
        for f in said
        if f and 0 < int(f["line"]) < MAX_LINES
    )


def _columns(frame: Message) -> tuple[int, int] | None:
    """Where in its line a frame stands, as far as that can be a place."""
    match frame.get("columns"):
        case [int(begin), int(end)] if 0 <= begin < end < MAX_COLUMNS:
            return begin, end
    return None


def _given(error: Message, request: Request | None, done: int) -> str:
    """What was built, in the submission's own words, and what was passed when it failed."""
    if request is None:
        return ""
    built = str(error.get("built") or "")
    if not request.calls and not built:
        return ""
    call = request.calls[min(done, len(request.calls) - 1)] if request.calls else Call({})
    if not built or done or error.get("stage") == "weights":
        return request.given(call)
    passed = describe({}, call.arguments, request.axes) if error.get("stage") == "call" else ""
    return ", ".join(part for part in (f"built as {built}", passed) if part)


def _absent(package: str) -> str:
    if package.startswith("."):
        return "imports from a file beside it: a submission is one file"
    return (
        f"imports `{package}`, which is not installed here: `pip install {package}` in the "
        "environment of kata, or write it in torch: a submission is one file"
    )
