"""Watch the torch calls a submission makes: banned ones, and what touches its parameters.

A torch function mode sees every call on tensors whatever name it went by. It lives in the
candidate's process, so it is a lint for honest people, not a proof. What it can miss (another
thread, a disabled mode) the guards put in the place of the banned functions still see.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from types import MethodWrapperType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from grader.worker.endless import MAX_CALLS, too_many_calls
from grader.worker.execution import first_line_with, own_frame

PRODUCTS = frozenset(
    "linear matmul __matmul__ __rmatmul__ mm bmm addmm baddbmm addbmm einsum tensordot inner dot "
    "mv addmv bilinear conv1d chain_matmul multi_dot".split()
)
MAX_NAMES = 4096
"""Functions whose names are remembered."""
MAX_TRACE = 256
"""Entries of a trace, and tensors derived from parameters, that are kept."""


class Recorder(TorchFunctionMode):
    """Names the banned torch calls, and traces those that read a parameter."""

    def __init__(self, banned: Iterable[str]) -> None:
        super().__init__()
        self.names = tuple(banned)
        self.functions: dict[int, str] = {}
        self.classes: dict[type, str] = {}
        self.packages: list[str] = []
        self.operators = {name.rpartition(".")[2]: name for name in self.names}
        """The same operations by torch's own names for them, as in `torch.ops.aten`."""
        for name in self.names:
            self._learn(name)
        self.names_of: dict[int, tuple[Any, str | None]] = {}
        self.active = False
        self.calls = 0
        """Calls of torch that were seen since this was last set back."""
        self.found: list[str] = []
        self.lines: dict[str, dict[str, Any]] = {}
        """The submission's line of each banned call."""
        self.parameters: dict[int, str] = {}
        self.sizes: dict[str, int] = {}
        self.derived: dict[int, dict[str, Any]] = {}
        self.kept: list[Tensor] = []
        self.trace: list[dict[str, Any]] = []

    def _learn(self, name: str) -> None:
        thing = _resolve(name)
        if isinstance(thing, type):
            self.classes[thing] = name
        elif type(thing).__name__ == "module":
            self.packages.append(name)
        elif thing is not None:
            self.functions[id(thing)] = name
            for overload in _overloads(thing):
                self.functions[id(overload)] = name

    def begin(self) -> None:
        """Forget the request before this one, and watch from now on."""
        self.active, self.calls = True, 0
        self.found, self.trace, self.parameters, self.lines = [], [], {}, {}
        self.derived, self.kept = {}, []

    def guard(self) -> None:
        """Put a recording wrapper in the place of each banned function."""
        for name in self.names:
            told = _told_of.setdefault(name, [])
            told.append(self)
            thing = _resolve(name)
            if len(told) > 1 or isinstance(thing, type) or not callable(thing):
                continue
            for owner, attribute in _homes(thing, name):
                setattr(owner, attribute, _guarded(thing, name))

    def note(self, name: str) -> None:
        """Record a banned call, once."""
        if self.active and name not in self.found:
            self.found.append(name)
            self.lines[name] = own_frame() or first_line_with(name.rpartition(".")[2])

    def watch(self, instance: Any) -> None:
        """Note banned modules inside a built instance, and learn its parameters for the trace."""
        if not isinstance(instance, nn.Module):
            return
        for module in instance.modules():
            for cls, name in self.classes.items():
                if isinstance(module, cls):
                    self.note(name)
        self.parameters = {id(p): name for name, p in instance.named_parameters()}
        self.sizes = {name: p.numel() for name, p in instance.named_parameters()}

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = self._name(func)
        if name is not None:
            self.note(name)
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise too_many_calls()
        result = func(*args, **(kwargs or {}))
        if self.parameters and name is None:
            self._follow(func, args, kwargs, result)
        return result

    def _name(self, func: Any) -> str | None:
        """The banned name of a function, if it is one; what was looked up is remembered.

        A property such as `shape` is read by a wrapper made for that one time: nothing is banned of
        it, and nothing can be remembered.
        """
        if type(func) is MethodWrapperType:
            return None
        known = self.names_of.get(id(func))
        if known is not None and known[0] is func:
            return known[1]
        name = self.functions.get(id(func)) or self._known(func)
        if len(self.names_of) < MAX_NAMES:
            self.names_of[id(func)] = (func, name)  # held, so that its id stays its own
        return name

    def _known(self, func: Any) -> str | None:
        """The banned name of a function that is not one of the objects learnt."""
        home = str(getattr(func, "__module__", None) or "")
        package = next((p for p in self.packages if home.startswith(p)), None)
        operator = str(getattr(func, "__name__", "")).partition(".")[0]
        return package or self.operators.get(operator)

    def _follow(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Trace the products and the other uses of parameters, of their copies and their parts.

        What comes of a parameter otherwise than by a product is that parameter still, and whole if
        it has as many elements: a transpose, a clone. What comes of parts stays a part.
        """
        known = [self._origin(tensor) for tensor in tensors((args, kwargs))]
        operands = [origin for origin in known if origin is not None]
        word = str(getattr(func, "__name__", ""))
        product = word in PRODUCTS
        # A bias added to an activation makes no parameter of it.
        derives = product or len(operands) == len(known)
        if not operands or not derives or len(self.trace) >= MAX_TRACE:
            return
        self.trace.append({"call": word, "product": product, "operands": operands})
        if product:
            return
        name = operands[0]["name"]
        of_whole = all(operand["whole"] for operand in operands)
        for tensor in tensors(result):
            whole = of_whole and tensor.numel() >= self.sizes[name]
            self.derived[id(tensor)] = {"name": name, "whole": whole, "dim": tensor.dim()}
            self.kept.append(tensor)  # an id stays this tensor's own only while it lives

    def _origin(self, tensor: Tensor) -> dict[str, Any] | None:
        """The parameter a tensor is, or comes of."""
        name = self.parameters.get(id(tensor))
        if name is not None:
            return {"name": name, "whole": True, "dim": tensor.dim()}
        return self.derived.get(id(tensor))


_told_of: dict[str, list[Recorder]] = {}
"""Whom a guard tells of its function's calls, by the banned name."""


def _guarded(function: Any, name: str) -> Any:
    @functools.wraps(function, updated=())
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for recorder in _told_of[name]:
            recorder.note(name)
        return function(*args, **kwargs)

    return guarded


@functools.cache
def guarding(banned: tuple[str, ...]) -> Recorder:
    """The recorder of a list of banned calls, its guards in place: one for each list in a process,
    as looking them up takes long.
    """
    recorder = Recorder(banned)
    recorder.guard()
    return recorder


def tensors(node: Any) -> Iterable[Tensor]:
    """Every tensor in nested arguments or results."""
    if isinstance(node, Tensor):
        yield node
    elif isinstance(node, list | tuple):
        for item in node:
            yield from tensors(item)
    elif isinstance(node, dict):
        for item in node.values():
            yield from tensors(item)


@functools.cache
def _resolve(name: str) -> Any:
    """The object a dotted name stands for in this torch, or None where it has none."""
    head, *rest = name.split(".")
    thing: Any = torch if head == "torch" else None
    path = head
    for part in rest:
        path = f"{path}.{part}"
        try:
            thing = getattr(thing, part)
        except (AttributeError, RuntimeError):
            try:
                thing = importlib.import_module(path)
            except ImportError:
                return None
    return thing


def _overloads(thing: Any) -> list[Any]:
    names = getattr(thing, "overloads", None)
    return [getattr(thing, n) for n in names()] if callable(names) else []


def _homes(thing: Any, name: str) -> list[tuple[Any, str]]:
    """Every module attribute under which a function is commonly reached."""
    attribute = name.rpartition(".")[2]
    owners = (torch, torch.nn.functional, torch._C._nn)
    return [(o, attribute) for o in owners if getattr(o, attribute, None) is thing]
