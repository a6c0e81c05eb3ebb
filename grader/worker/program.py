"""Answer one request: build the submission, give it weights, call it, return what came out.

The same program runs candidates in their workers and, in the judge, the project's own edited
solutions. It holds no expected value and passes no judgement.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from grader.worker.construction import Indivisible
from grader.worker.endless import within
from grader.worker.entry import Loaded
from grader.worker.execution import FILENAME
from grader.worker.instance import Unfit, described, using, write
from grader.worker.places import columns
from grader.worker.recorder import Recorder
from grader.worker.storages import Enough, Storages, without_compiler
from grader.worker.wire import Message, plain

MAX_OUTPUT = 256 * 1024 * 1024
"""Bytes of the largest output that may travel."""
MAX_TEXT = 2000


def answer(
    loaded: Loaded,
    request: Message,
    recorder: Recorder | None = None,
    instances: list[Any] | None = None,
) -> Message:
    """Run the calls of one request; an exception ends it and is part of the reply.

    instances: what the request builds, where it is built already.
    """
    reply: Message = {"results": [], "error": None}
    storages = Storages() if request.get("measure") else None
    stage = "construct"
    with _told(reply, recorder), contextlib.ExitStack() as timed:
        try:
            timed.enter_context(within(request.get("within")))
            _sow(request["seed"], request["device"])
            if request["device"] == "meta" or storages is not None:
                without_compiler()
            if instances is None:
                instances = built(loaded, request, recorder)
            if request.get("inspect"):
                reply["state"] = described(instances[0])
            if recorder is not None and request.get("trace"):
                recorder.watch(instances[0])
            stage = "call"
            watched = recorder or contextlib.nullcontext()
            ready = Built(loaded, instances, request["device"], watched, storages)
            ready.apart, ready.late = request.get("apart", False), request.get("late", False)
            for call, arguments in zip(request["calls"], _apart(request["calls"]), strict=True):
                reply["results"].append(_call(ready, call, arguments))
            for pull in ready.pulls:
                pull()
            if recorder is not None:
                for instance in instances:
                    recorder.watch(instance)
        except Enough:
            reply["cut"] = True
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the candidate's too
            timed.close()
            reply["error"] = describe_error(error, stage, loaded) | _made(loaded, request)
    if storages is not None:
        reply["memory"] = storages.said()
    return reply


def prepare(
    loaded: Loaded, request: Message, recorder: Recorder | None = None
) -> tuple[list[Any], Message]:
    """What a request asks for, built for calls that are yet to come, and what is to be told."""
    reply: Message = {"results": [], "error": None}
    instances: list[Any] = []
    with _told(reply, recorder):
        try:
            _sow(request["seed"], request["device"])
            instances = built(loaded, request, recorder)
        except BaseException as error:
            reply["error"] = describe_error(error, "construct", loaded) | _made(loaded, request)
    return instances, reply


@contextlib.contextmanager
def _told(reply: Message, recorder: Recorder | None) -> Iterator[None]:
    """Watches, and then tells in the reply what was seen."""
    if recorder is None:
        yield
        return
    recorder.begin()
    yield
    reply |= {"banned": recorder.found, "lines": recorder.lines, "trace": recorder.trace}
    recorder.active = False


def _sow(seed: int, device: str) -> None:
    """Seed what the device draws from.

    `torch.manual_seed` remembers a stack trace for every accelerator that is not there: 0.8 ms.
    """
    if device in ("cpu", "meta"):
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def _apart(calls: list[Message]) -> list[dict[str, Any]]:
    """The calls' arguments; a tensor that is given to several of them is a copy in each.

    So none sees what another wrote into it.
    """
    seen: set[int] = set()

    def own(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        known = value.data_ptr() in seen
        seen.add(value.data_ptr())
        return value.clone() if known else value

    return [{name: own(v) for name, v in call["arguments"].items()} for call in calls]


def built(loaded: Loaded, request: Message, recorder: Recorder | None = None) -> list[Any]:
    """All that a request builds, with its weights."""
    with torch.no_grad(), recorder or contextlib.nullcontext():
        return [_build(loaded, build, request) for build in request["builds"]]


def _build(loaded: Loaded, build: Message, request: Message) -> Any:
    device, construct = request["device"], build["construct"]
    with torch.enable_grad():
        instance = loaded.build(construct, device, _longest(request["calls"]))
    if not isinstance(instance, nn.Module):
        return instance
    instance.to(dtype=getattr(torch, build["dtype"]))
    if any(isinstance(p, nn.parameter.UninitializedParameter) for p in instance.parameters()):
        _dry_run(loaded, instance, build["warm"])
    instance.to(device=device)
    if device != "meta":
        write(instance, build["state"], loaded.built(construct), loaded.built(loaded.sample))
    return instance


def _longest(calls: list[Message]) -> int:
    """The largest size of what calls are given, or all in turn: no sequence is longer."""
    given = (value for call in calls for value in call["arguments"].values())
    shapes = [v.shape if isinstance(v, Tensor) else _shape(v) for v in given]
    sizes = [max(shape, default=0) for shape in shapes if shape is not None]
    goes_on = any("$result" in v for c in calls for v in c["arguments"].values() if type(v) is dict)
    return sum(sizes) if goes_on else max(sizes, default=64)


def _shape(value: Any) -> Sequence[int] | None:
    """The shape that stands for a tensor without data."""
    return value.get("$shape") if isinstance(value, dict) else None


def _dry_run(loaded: Loaded, instance: nn.Module, warm: dict[str, Any]) -> None:
    """A lazy layer knows its sizes after one forward pass."""
    arguments = {name: _corner(warm[name]) for name in loaded.required}
    function, args, kwargs = loaded.prepare(instance, arguments)
    with torch.no_grad():
        function(*args, **kwargs)


def _corner(value: Tensor) -> Tensor:
    """The first vector of an input: all that sizes depend on."""
    for dim in range(value.dim() - 1):
        value = value.narrow(dim, 0, 1)
    return value


class NoState(Exception):
    """Nothing was returned beside the output that a later call could go on from."""


@dataclass
class Built:
    """What was built for one request, and what the calls have returned so far."""

    loaded: Loaded
    instances: list[Any]
    device: str
    watched: Any
    """Entered only around what is the submission's own: watching costs more than a small call."""
    storages: Storages | None = None
    apart: bool = False
    """Whether what is made without naming a device lands on another than what is given."""
    late: bool = False
    """Whether backward passes wait until all calls have returned."""
    kept: list[Any] = field(default_factory=list)
    pulls: list[Callable[[], None]] = field(default_factory=list)
    """Backward passes that wait."""
    given: dict[tuple[Any, ...], Tensor] = field(default_factory=dict)
    """The last tensor of each name, shape and dtype that calls were given."""

    def same(self, name: str, value: Any) -> Any:
        """The tensor that an earlier call was given under that name, with these values instead."""
        if not isinstance(value, Tensor):
            return value
        known = self.given.setdefault((name, value.shape, value.dtype), value)
        return known if known is value else known.copy_(value)

    def call(
        self, instance: Any, arguments: dict[str, Any], *, gradients: bool
    ) -> tuple[Any, dict[str, Tensor]]:
        """What the submission makes of these arguments, and with which weights if it is asked."""
        function, args, kwargs = self.loaded.prepare(instance, arguments)
        following = using(instance, gradients=gradients)
        measuring: Any = contextlib.nullcontext()
        if self.storages is not None:
            self.storages.begin_call()
            measuring = self.storages
        made: Any = torch.device("meta") if self.apart else contextlib.nullcontext()
        if isinstance(self.watched, Recorder):
            self.watched.calls = 0
        with torch.set_grad_enabled(gradients), made, self.watched, measuring, following as used:
            raw = function(*args, **kwargs)
        self.kept.append(raw)
        return raw, used


def _call(built: Built, call: Message, given: dict[str, Any]) -> Message:
    device, instance = built.device, built.instances[call["build"]]
    arguments = {n: _value(v, device, built.kept) for n, v in given.items()}
    if call.get("again"):
        arguments = {name: built.same(name, value) for name, value in arguments.items()}
    cotangent = call.get("cotangent")
    leaves = _leaves(arguments, call) if cotangent is not None else {}
    for leaf in leaves.values():
        leaf.requires_grad_()
    if isinstance(instance, nn.Module):
        _set(instance, call, device)
    if call.get("seed") is not None:
        _sow(call["seed"], device)
    tensors = {n: t for n, t in arguments.items() if isinstance(t, Tensor)}
    before = {n: _facts(t) for n, t in tensors.items()} if call.get("keep_inputs") else {}
    raw, used = built.call(instance, arguments, gradients=cotangent is not None)
    result = _output(raw)
    output = raw[0] if isinstance(raw, tuple | list) and raw else raw
    if cotangent is not None and "output" in result:

        def pull() -> None:
            with built.watched:
                result["gradients"] = _gradients(output, cotangent, leaves, used, device)

        if built.late:
            built.pulls.append(pull)
        else:
            pull()
    if call.get("keep_inputs"):
        result["altered"] = {n: _differing(before[n], _facts(t)) for n, t in tensors.items()}
        result["inputs"] = {n: t.detach().cpu() for n, t in tensors.items() if plain(t.detach())}
    return result


def _set(instance: nn.Module, call: Message, device: str) -> None:
    """The mode of a call, and the dtype and the weights that it is to have from then on."""
    instance.train(call["mode"] == "train")
    if call.get("dtype"):
        instance.to(getattr(torch, call["dtype"]))
    if call.get("weights") and device != "meta":
        write(instance, call["weights"])


def _facts(tensor: Tensor) -> dict[str, Any]:
    """What tells that a tensor was changed, beside its values."""
    return {"shape": tensor.shape, "strides": tensor.stride(), "version": tensor._version}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name, fact in before.items() if after[name] != fact]


def _value(value: Any, device: str, kept: list[Any]) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, dict) and "$result" in value:
        call, item = value["$result"]
        if not isinstance(kept[call], tuple | list) or len(kept[call]) <= item:
            kind = type(kept[call]).__name__
            raise NoState(f"returned {kind} alone, where a pair is expected: output and state")
        return kept[call][item]
    if isinstance(value, dict) and "$shape" in value:
        return torch.empty(value["$shape"], dtype=getattr(torch, value["dtype"]), device=device)
    return value


def _leaves(arguments: dict[str, Any], call: Message) -> dict[str, Tensor]:
    """The arguments that need a gradient."""
    follow = call.get("follow")
    return {
        name: value
        for name, value in arguments.items()
        if isinstance(value, Tensor)
        and value.is_floating_point()
        and (follow is None or name in follow)
    }


def _output(raw: Any) -> Message:
    """What was returned, as far as it can travel: `(output, weights)` counts as its output."""
    form = "tensor"
    if isinstance(raw, tuple | list) and raw and isinstance(raw[0], Tensor):
        form, raw = "tuple", raw[0]
    if not isinstance(raw, Tensor):
        return {"unfit": f"{type(raw).__name__}" if raw is not None else "None"}
    facts = {"form": form, "shape": list(raw.shape), "dtype": str(raw.dtype).removeprefix("torch.")}
    if raw.device.type == "meta":
        return {**facts, "meta": True}
    if not plain(raw.detach()):
        return {"unfit": f"a tensor that is not plain and dense ({type(raw).__name__})"}
    if raw.numel() * raw.element_size() > MAX_OUTPUT:
        return {"unfit": f"a tensor of shape {tuple(raw.shape)}, too large to be an answer"}
    if raw.is_complex():
        return {"unfit": f"a tensor of {facts['dtype']}"}
    return {**facts, "device": raw.device.type, "output": raw.detach().resolve_neg().cpu()}


def _gradients(
    output: Tensor,
    cotangent: Tensor,
    leaves: dict[str, Tensor],
    parameters: Mapping[str, Tensor],
    device: str,
) -> Message:
    if output.shape != cotangent.shape:
        return {"unfit": "shape"}
    if not output.requires_grad:
        return {"unfit": "detached"}
    wanted = {f"input {n}": t for n, t in leaves.items()}
    wanted |= {f"parameter {n}": p for n, p in parameters.items() if p.requires_grad}
    found = pull_back(output, list(wanted.values()), cotangent.to(device, output.dtype))
    values = {
        n: g.detach().cpu()
        for n, g in zip(wanted, found, strict=True)
        if g is not None and plain(g)
    }
    return {"values": values}


def pull_back(output: Tensor, leaves: list[Tensor], cotangent: Tensor) -> tuple[Tensor | None, ...]:
    """Gradients of ⟨output, cotangent⟩ at the leaves; None where the output does not depend on one.

    Through a scalar, because torch imports sympy (0.2 s) to look at a given `grad_outputs`.
    """
    with torch.enable_grad():
        scalar = (output * cotangent).sum()
        found: tuple[Tensor | None, ...] = torch.autograd.grad(scalar, leaves, allow_unused=True)
    return found


def _made(loaded: Loaded, request: Message) -> Message:
    """What the request was to build, in the submission's own words."""
    each = [loaded.built(build["construct"]) for build in request["builds"]]
    return {"built": " and ".join(dict.fromkeys(each))[:MAX_TEXT]}


def describe_error(error: BaseException, stage: str, loaded: Loaded | None = None) -> Message:
    """An exception as plain data: its type, its words, and the candidate's own lines."""
    kind = type(error).__name__
    own = [
        {"line": f.lineno or 0, "function": f.name, "text": f.line or "", "columns": columns(f)}
        for f in traceback.extract_tb(error.__traceback__)
        if f.filename == FILENAME
    ]
    if isinstance(error, Indivisible):  # the division that a caller of this constructor makes
        kind = "ValueError"
        own = [dict(loaded.construct.line)] if loaded is not None and loaded.construct else []
    return {
        "stage": "weights" if isinstance(error, Unfit) else stage,
        "type": kind,
        "message": _words(error),
        "frames": [frame for frame in own[-12:] if frame],
        "missing": getattr(error, "name", None) if isinstance(error, ImportError) else None,
    }


def _words(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:  # a candidate's own exception may refuse to be printed
        return ""
