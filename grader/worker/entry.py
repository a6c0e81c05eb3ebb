"""Load a submission and find its entry point.

The exact name wins; failing that, the only definition whose signature fits the kata's call.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from grader.kata.kata import EntryPoint
from grader.worker.binding import Binding, Unbindable, bind

MODULE = "submission"
WIDTH = "d_k"
FILENAME = "submission.py"
"""What a submission's own frames call their file, whatever it is called on disk."""


class NoEntryPoint(Exception):
    """The submission does not offer what the kata asks for; the message says what was found."""


@dataclass(frozen=True)
class Loaded:
    """A submission ready to be built and called."""

    target: Any
    construct: Binding | None
    """How to build it: for modules, and for classes that stand in for a function."""
    call: Binding
    name: str
    notes: tuple[str, ...]

    @property
    def needs_width(self) -> bool:
        """Whether it is a class standing in for a function, built anew for each d_k."""
        return self.construct is not None and self.construct.positional == (WIDTH,)

    def build(self, values: dict[str, Any]) -> Any:
        """The callable: a fresh instance, or the function itself."""
        if self.construct is None:
            return self.target
        args, kwargs = self.construct.place(values)
        return self.target(*args, **kwargs)


def execute(source: str) -> types.ModuleType:
    """Run the submission's source as a module; whatever it raises is raised here."""
    module = types.ModuleType(MODULE)
    module.__file__ = FILENAME
    sys.modules[MODULE] = module
    lines = source.splitlines(keepends=True)
    linecache.cache[FILENAME] = (len(source), None, lines, FILENAME)
    exec(compile(source, FILENAME, "exec", dont_inherit=True), module.__dict__)
    return module


def resolve(module: types.ModuleType, entry: EntryPoint) -> Loaded:
    """Find the entry point in an executed submission."""
    exact = module.__dict__.get(entry.name)
    if exact is not None:
        try:
            return _fit(exact, entry.name, entry)
        except Unbindable as reason:
            raise NoEntryPoint(f"`{entry.name}` {reason}; expected `{entry.signature}`") from reason
    fitting = [loaded for loaded in _definitions(module, entry) if loaded is not None]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(f"`{loaded.name}`" for loaded in fitting)
        found = f"several definitions could be it ({names}): rename one to `{entry.name}`"
    else:
        found = f"found {_inventory(module)}"
    raise NoEntryPoint(f"no `{entry.signature}`: {found}")


def _definitions(module: types.ModuleType, entry: EntryPoint) -> list[Loaded | None]:
    found: dict[int, Loaded | None] = {}
    for name, value in module.__dict__.items():
        if name.startswith("__") or getattr(value, "__module__", None) != MODULE:
            continue
        if id(value) in found:  # another name for the same
            continue
        try:
            note = f"graded `{name}`: the stub calls it `{entry.name}`"
            found[id(value)] = _fit(value, name, entry, strict=True, note=note)
        except Unbindable:
            continue
    return list(found.values())


def _fit(
    value: Any, name: str, entry: EntryPoint, *, strict: bool = False, note: str = ""
) -> Loaded:
    notes: tuple[str, ...] = (note,) if note else ()
    if entry.is_module:
        if not (inspect.isclass(value) and issubclass(value, nn.Module)):
            raise Unbindable(f"is {_kind(value)}, not an nn.Module class")
        construct = bind(_initialiser(value), entry.construct)
        _needs_optional(construct, entry)
        call = bind(_unbound(value.forward), entry.call, entry.reads)
    elif inspect.isclass(value):
        method = _call_method(value)
        if method is None:
            raise Unbindable("is a class whose instances cannot be called")
        construct = _bare_construction(value)
        call = bind(method, entry.call, entry.reads)
        notes += ("a class stands in for the function: built, then called",)
    elif callable(value):
        construct = None
        call = bind(value, entry.call, entry.reads)
    else:
        raise Unbindable(f"is {_kind(value)}, not {'a class' if entry.is_module else 'a function'}")
    if strict:
        _strictly(value, call, entry)
    return Loaded(value, construct, call, name, notes + call.notes)


def _strictly(value: Any, call: Binding, entry: EntryPoint) -> None:
    """Under another name only a definition that takes the whole call, options included, will do."""
    optional = [p.name for p in entry.call if not p.required]
    missing = [name for name in optional if name not in call.keyword]
    if missing:
        raise Unbindable(f"takes no {', '.join(missing)}")
    if not entry.is_module and not inspect.isclass(value) and not inspect.isfunction(value):
        raise Unbindable("is not a function")


def _needs_optional(construct: Binding, entry: EntryPoint) -> None:
    missing = [
        p.name for p in entry.construct if not p.required and p.name not in construct.keyword
    ]
    if missing:
        raise Unbindable(f"is built without {', '.join(missing)}")


def _bare_construction(value: type) -> Binding:
    """A class standing in for a function is built with nothing, or with d_k."""
    slots = [
        p
        for p in _parameters(_initialiser(value))
        if p.default is inspect.Parameter.empty
        and p.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    if not slots:
        return Binding((), {})
    if len(slots) == 1:
        return Binding((WIDTH,), {})
    raise Unbindable(f"is a class that needs {', '.join(p.name for p in slots)} to be built")


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _initialiser(cls: type) -> Callable[..., Any]:
    if cls.__init__ in (object.__init__, nn.Module.__init__):  # type: ignore[misc]
        return lambda: None
    return _unbound(cls.__init__)  # type: ignore[misc]


def _call_method(cls: type) -> Callable[..., Any] | None:
    if issubclass(cls, nn.Module):
        return _unbound(cls.forward)
    method = cls.__dict__.get("__call__")
    return _unbound(method) if callable(method) else None


def _unbound(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method as its caller sees it: without `self`."""

    return functools.partial(method, None)


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "a class"
    return "a function" if inspect.isfunction(value) else f"a {type(value).__name__}"


def _inventory(module: types.ModuleType) -> str:
    """What the submission does define, for the message."""
    own = []
    for name, value in module.__dict__.items():
        if getattr(value, "__module__", None) != MODULE or name.startswith("__"):
            continue
        word = "class" if inspect.isclass(value) else "function"
        own.append(f"{word} `{name}{_signature(value)}`")
    return ", ".join(own[:6]) or "no function and no class"


def _signature(value: Any) -> str:
    try:
        names = list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return "(…)"
    return f"({', '.join(names)})"
