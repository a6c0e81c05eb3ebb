"""Edits of one solution in great number: only what is changed is compiled, nothing is built twice.

A comparison runs hundreds of edits on the same few small requests. What an edit leaves as it is,
which is nearly all, is taken over from the solution: its module, its methods, and the layers that a
request builds, with their weights.
"""

from __future__ import annotations

import re
import types
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from grader.exchange.answer import Answer, read
from grader.exchange.local import Variant
from grader.exchange.request import Request
from grader.worker.execution import FILENAME, MODULE
from grader.worker.program import answer, built
from grader.worker.wire import Message

DEFINITIONS = re.compile(r"(?m)^(?=    def |def |class )")
"""Where a module's functions, classes and methods begin."""
NAME = re.compile(r" *(?:def|class) (\w+)")


@dataclass
class Readied:
    """A request as it is sent, and what the solution has built for it."""

    request: Request
    message: Message
    instances: list[Any]


@dataclass
class Editing:
    """A solution that is edited again and again, and the requests that its edits are asked."""

    solution: Variant
    text: str
    readied: dict[int, Readied] = field(default_factory=dict)
    compiled: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = DEFINITIONS.split(self.text)

    # --- loading ----------------------------------------------------------------------------------

    def load(self, text: str) -> Variant:
        """An edited text with the definition and the weights that the solution has.

        Raises whatever executing it raises.
        """
        parts = DEFINITIONS.split(text)
        changed = [n for n, part in enumerate(parts) if self.parts[n : n + 1] != [part]]
        if len(parts) == len(self.parts) and all(self._apart(n) for n in changed):
            target = self._redefined([parts[n] for n in changed])
        else:
            module = types.ModuleType(MODULE)
            exec(compile(text, FILENAME, "exec", dont_inherit=True), module.__dict__)
            target = module.__dict__[self.solution.kata.entry.name]
        return replace(self.solution, loaded=replace(self.solution.loaded, target=target))

    def _apart(self, number: int) -> bool:
        """Whether a part can be compiled by itself: the function, or a method of the class."""
        part, target = self.parts[number], self.solution.kata.entry.name
        decorated = self.parts[number - 1].rstrip().rpartition("\n")[2].lstrip().startswith("@")
        if decorated or "super()" in part or _name(part) == "__init__":
            return False
        if not part.startswith(" "):
            return part.startswith("def ") and _name(part) == target
        owners = [_name(p) for p in self.parts[1:number] if p.startswith("class ")]
        return owners[-1:] == [target]

    def _redefined(self, parts: list[str]) -> Any:
        """The solution's own function or class, with these of its functions in its place."""
        functions = {_name(part): self._function(part) for part in parts}
        target = self.solution.loaded.target
        if isinstance(target, type):
            return type(target)(target.__name__, (target,), functions)
        return functions.get(self.solution.kata.entry.name, target)

    def _function(self, part: str) -> Any:
        if part not in self.compiled:
            code = compile(f"if True:\n{part}" if part[0] == " " else part, FILENAME, "exec")
            made: dict[str, Any] = {}
            exec(code, self._globals(), made)
            self.compiled[part] = made[_name(part)]
        return self.compiled[part]

    def _globals(self) -> dict[str, Any]:
        target = self.solution.loaded.target
        own = vars(target).values() if isinstance(target, type) else [target]
        return next(f.__globals__ for f in own if isinstance(f, types.FunctionType))

    # --- asking -----------------------------------------------------------------------------------

    def answers(self, variant: Variant, request: Request) -> tuple[Answer, ...]:
        """What a variant answers, without packing and recording; or a Fault."""
        ready = self._ready(request)
        calls = [_copied(call) for call in ready.message["calls"]]
        message = ready.message | {"calls": calls}
        instances = _as_built(ready.instances, variant.loaded.target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            variant.last_reply = answer(variant.loaded, message, None, instances)
        return read(variant.last_reply, request, variant.layout)

    def _ready(self, request: Request) -> Readied:
        if id(request) not in self.readied:
            message = request.encode(self.solution.layout)
            with torch.no_grad():
                instances = built(self.solution.loaded, message)
            self.readied[id(request)] = Readied(request, message, instances)
        return self.readied[id(request)]


def _name(part: str) -> str:
    found = NAME.match(part)
    return found[1] if found else ""


def _copied(call: Message) -> Message:
    """The call with tensors of its own: a variant may write into what it is given."""
    given = call["arguments"].items()
    return call | {"arguments": {n: v.clone() if isinstance(v, Tensor) else v for n, v in given}}


def _as_built(instances: list[Any], target: Any) -> list[Any] | None:
    """What was built, as instances of a class derived from theirs; None where it is another."""
    if not isinstance(target, type):
        return [target]
    if not all(issubclass(target, type(instance)) for instance in instances):
        return None
    return [_reborn(instance, target) for instance in instances]


def _reborn(instance: nn.Module, target: type) -> Any:
    """The same layer with the same weights, of another class, and with a state of its own."""
    other: Any = object.__new__(target)
    other.__dict__ = {
        name: value.copy() if isinstance(value, dict) else value
        for name, value in vars(instance).items()
    }
    return other
