"""Load a submission and find its entry point.

The exact name wins; failing that, the only definition whose signature fits the kata's call, and of
several the one whose name comes nearest. What was looked at and does not fit is said with its
reason.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from grader.kata.entry_point import EntryPoint
from grader.kata.glossary import built_from, nearness
from grader.worker.binding import EMPTY, Binding, Unbindable, bind, signature_of
from grader.worker.construction import Construction, bind_construction, bind_options
from grader.worker.execution import FILENAME, MODULE, attempt, brief, line_of
from grader.worker.instance import Adopted, StandIn, adopts


class NoEntryPoint(Exception):
    """The submission does not offer what the kata asks for; the message says what was found."""


@dataclass(frozen=True)
class Loaded:
    """A submission ready to be built and called."""

    target: Any
    construct: Construction | None
    """How to build it: for modules, and for classes that stand in for a function."""
    call: Binding
    name: str
    notes: tuple[str, ...] = ()
    stands_in: bool = False
    """Whether it is a class in a function's place, built for the widths it is called with."""
    required: tuple[str, ...] = ()
    """Arguments that every call gives."""
    lacks: tuple[str, ...] = ()
    """Optional parameters of the kata that it has no place for."""
    sample: Mapping[str, Any] = field(default_factory=dict)
    """The construction by which its weights are learnt."""
    absent: tuple[str, ...] = ()
    """Packages that it imports and that are not there."""

    def build(self, values: Mapping[str, Any], device: str = "cpu", length: int = 0) -> Any:
        """The callable: a fresh instance, or the function itself."""
        if self.construct is None:
            return self.target
        if self.stands_in:
            return StandIn(self.target, self.construct, values)
        args, kwargs = self.construct.place(values, device, length)
        made = self.target(*args, **kwargs)
        return made if isinstance(made, nn.Module) else Adopted(made)

    def prepare(
        self, instance: Any, arguments: Mapping[str, Any]
    ) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
        """What is to be called for the kata's arguments, and with what."""
        if not isinstance(instance, StandIn):
            return instance, *self.call.place(arguments)
        taken = {n: v for n, v in arguments.items() if n not in instance.construct.sources}
        return instance.instance(arguments), *self.call.place(taken)

    def built(self, values: Mapping[str, Any]) -> str:
        """What `build` makes of a construction, as a person writes it."""
        return "" if self.construct is None else self.construct.spelled(values)


def load(source: str, entry: EntryPoint) -> Loaded:
    """Execute a submission and find the entry point in it.

    What fails after the entry point was defined does not matter, and is noted. Raises what ended
    the execution before that, else NoEntryPoint.
    """
    done = attempt(source)
    if done.error is None:
        return replace(resolve(done.module, entry), absent=done.absent)
    try:
        loaded = resolve(done.module, entry)
    except NoEntryPoint:
        raise done.error from None
    line = line_of(done.error)
    later = [node.lineno for node in ast.parse(source).body if _defines(node, entry.name)]
    if not line or any(defined >= line for defined in later):
        raise done.error
    said = f"line {line} fails after the definition, which does not matter: {brief(done.error)}"
    return replace(loaded, notes=(*loaded.notes, said), absent=done.absent)


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name == name
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


# --- finding ----------------------------------------------------------------------------------


def resolve(module: types.ModuleType, entry: EntryPoint) -> Loaded:
    """Find the entry point in an executed submission."""
    exact = module.__dict__.get(entry.name)
    if exact is not None:
        try:
            return _fit(exact, entry.name, entry)
        except Unbindable as reason:
            raise NoEntryPoint(f"`{entry.name}` {reason}; expected `{entry.signature}`") from reason
    reasons: dict[str, str] = {}
    for search in (_definitions, _methods if not entry.is_module else _factories):
        fitting = _fitting(search(module), entry, reasons)
        if fitting:
            return _chosen(fitting, entry)
    found = "; ".join(f"{what}: {why}" for what, why in list(reasons.items())[:6])
    more = f" and {len(reasons) - 6} more" if len(reasons) > 6 else ""
    raise NoEntryPoint(f"no `{entry.signature}`: found {found or 'no function and no class'}{more}")


def _fitting(
    found: Iterator[tuple[str, Any]], entry: EntryPoint, reasons: dict[str, str]
) -> list[Loaded]:
    """Everything that fits, each thing once; of the others the reason why not."""
    fitting: dict[int, Loaded] = {}
    for name, value in found:
        if id(value) in fitting:
            continue
        try:
            fitting[id(value)] = _fit(value, name, entry, strict=True)
        except Unbindable as reason:
            what = f"{_word(value)} `{name}{_signature(value)}`"
            reasons.setdefault(what, str(reason))
    return list(fitting.values())


def _chosen(fitting: list[Loaded], entry: EntryPoint) -> Loaded:
    """The only one that fits, or of several the one whose name comes nearest to the kata's."""
    near = {id(one): nearness(one.name.rpartition(".")[2], entry.name) for one in fitting}
    most = max(near.values())
    nearest = [one for one in fitting if near[id(one)] == most]
    if len(nearest) > 1:
        names = ", ".join(f"`{one.name}`" for one in nearest)
        raise NoEntryPoint(
            f"no `{entry.signature}`: several definitions could be it ({names}): "
            f"rename one to `{entry.name}`"
        )
    chosen = nearest[0]
    note = f"graded `{chosen.name}`: the stub calls it `{entry.name}`"
    return replace(chosen, notes=(note, *chosen.notes))


def _definitions(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The submission's own classes, functions and partial functions."""
    for name, value in list(module.__dict__.items()):
        if not name.startswith("__") and _is_own(value):
            yield name, value


def _is_own(value: Any) -> bool:
    if isinstance(value, functools.partial):
        return _is_own(value.func)
    return getattr(value, "__module__", None) == MODULE and callable(value)


def _methods(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Methods of the submission's classes, where they need no instance or one built of nothing."""
    for name, cls in list(_definitions(module)):
        for method, value in vars(cls).items() if inspect.isclass(cls) else ():
            if method.startswith("__") or method == "forward":
                continue
            if isinstance(value, staticmethod | classmethod):
                yield f"{name}.{method}", getattr(cls, method)
            elif inspect.isfunction(value):
                yield f"{name}.{method}", functools.partial(value, _instance(cls))


def _instance(cls: type) -> Any:
    """An instance to call a method of; a class that needs something to be built is its own."""
    try:
        return cls()
    except Exception:
        return object.__new__(cls)


def _factories(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Functions that may return a layer: what they return tells."""
    for name, value in _definitions(module):
        if not inspect.isclass(value):
            yield name, Factory(value)


@dataclass(frozen=True)
class Factory:
    """A function that is called as a class would be."""

    function: Callable[..., Any]


def _fit(value: Any, name: str, entry: EntryPoint, *, strict: bool = False) -> Loaded:
    if not callable(value) and not isinstance(value, Factory):
        wanted = "a class" if entry.is_module else "a function"
        raise Unbindable(f"is {_kind(value)}, not {wanted}")
    fit = _fit_layer if entry.is_module else _fit_function
    loaded = replace(fit(value, name, entry, strict), required=entry.required)
    if strict:
        optional = [p.name for p in entry.call if not p.required]
        missing = [name for name in optional if name in loaded.lacks]
        if missing:
            mask = entry.mask is not None and missing[0] == entry.mask.name
            forward = "its forward takes" if entry.is_module else "takes"
            raise Unbindable(f"{forward} no {'mask' if mask else ', '.join(missing)}")
    return loaded


def _lacking(entry: EntryPoint, call: Binding, construct: Construction | None) -> tuple[str, ...]:
    absent = [p.name for p in entry.call if p.name not in call.sources]
    return (*absent, *(construct.lacks if construct is not None else ()))


# --- layers -----------------------------------------------------------------------------------


def _fit_layer(value: Any, name: str, entry: EntryPoint, strict: bool) -> Loaded:
    if not inspect.isclass(value):
        return _fit_factory(value, name, entry, strict)
    plain = not issubclass(value, nn.Module)
    if plain and (entry.modules_only or _call_method(value) is None):
        raise Unbindable("is a class, but no nn.Module")
    construct = _construction(_initialiser(value), name, entry, value)
    method = _call_method(value)
    if method is None:
        raise Unbindable("has no forward method")
    call = bind(method, entry.call, entry.reads)
    notes = ("it is no nn.Module: the modules it holds are its weights",) if plain else ()
    return _layer(Loaded(value, None, call, name, notes), entry, construct)


def _layer(loaded: Loaded, entry: EntryPoint, construct: Construction) -> Loaded:
    """A layer's binding made whole: how it is built is said where that is not as in the stub."""
    built = (f"built as {construct.spelled()}",) if construct.unusual(entry) else ()
    notes = (*loaded.notes, *built, *loaded.call.notes)
    lacks = _lacking(entry, loaded.call, construct)
    return replace(loaded, construct=construct, notes=notes, lacks=lacks, sample=entry.probe)


def _construction(
    initialiser: Callable[..., Any], name: str, entry: EntryPoint, value: Any
) -> Construction:
    construct = bind_construction(initialiser, name, entry)
    needed = [p.name for p in entry.construct if p.name in construct.lacks and p.value]
    if needed:
        raise Unbindable(f"is built without {', '.join(needed)}")
    scope = getattr(sys.modules.get(MODULE), "__dict__", {})
    own = [c for n, c in scope.items() if inspect.isclass(c) and built_from(n) == "config"]
    code = getattr(getattr(value, "__init__", value), "__code__", None)
    line = {} if code is None else _frame(code)
    return replace(construct, defaults=own[0] if own else None, line=line)


def _frame(code: types.CodeType) -> dict[str, Any]:
    if code.co_filename != FILENAME:
        return {}
    text = linecache.getline(FILENAME, code.co_firstlineno).strip()
    return {"line": code.co_firstlineno, "function": code.co_name, "text": text}


def _fit_factory(value: Any, name: str, entry: EntryPoint, strict: bool) -> Loaded:
    """A function, a partial class or a lambda that returns a layer; it takes a call to tell."""
    if strict and not isinstance(value, Factory) and not isinstance(value, functools.partial):
        raise Unbindable(f"is {_kind(value)}, not an nn.Module class")
    function = value.function if isinstance(value, Factory) else value
    try:
        construct = _construction(function, name, entry, function)
        args, kwargs = construct.place(entry.probe)
        made = function(*args, **kwargs)
    except Unbindable:
        raise Unbindable(f"is {_kind(function)}, not an nn.Module class") from None
    except Exception as error:
        raise Unbindable(f"is {_kind(function)}, not an nn.Module class ({brief(error)})") from None
    method = getattr(made, "forward", None)
    if not isinstance(made, nn.Module) and not (adopts(made) and not entry.modules_only):
        raise Unbindable(f"is {_kind(function)}, not an nn.Module class")
    call = bind(method or made, entry.call, entry.reads)
    note = f"`{name}` is {_kind(function)} that returns the layer"
    return _layer(Loaded(function, None, call, name, (note,)), entry, construct)


# --- functions --------------------------------------------------------------------------------


def _fit_function(value: Any, name: str, entry: EntryPoint, strict: bool) -> Loaded:
    if inspect.isclass(value):
        method = _call_method(value)
        if method is None:
            raise Unbindable("is a class whose instances cannot be called")
        call = bind(method, entry.call, entry.reads)
        try:
            construct = bind_options(_initialiser(value), name, entry, call.sources)
        except Unbindable as reason:
            raise Unbindable(f"is a class that {reason}") from None
        own = _weights_of_its_own(value, construct, entry) if strict else ""
        if own:
            raise Unbindable(f"is a layer with weights of its own ({own})")
        note = f"a class stands in for the function: built as {construct.spelled()}, then called"
        lacks = tuple(n for n in _lacking(entry, call, None) if n not in construct.sources)
        return Loaded(
            value, construct, call, name, (note, *call.notes), stands_in=True, lacks=lacks
        )
    function = value.function if isinstance(value, Factory) else value
    if strict and not (inspect.isroutine(function) or isinstance(function, functools.partial)):
        raise Unbindable("is not a function")
    call = bind(function, entry.call, entry.reads)
    return Loaded(function, None, call, name, call.notes, lacks=_lacking(entry, call, None))


def _weights_of_its_own(cls: type, construct: Construction, entry: EntryPoint) -> str:
    """A matrix that a class's instances hold, by name: then it is no function's stand-in."""
    asks = entry.reads.get("query", entry.required[0])
    try:
        made = StandIn(cls, construct, {}).instance({asks: torch.zeros(1, 4)})
        held = made.named_parameters() if isinstance(made, nn.Module) else ()
    except Exception:  # what a constructor raises is told where it is called
        return ""
    return next((name for name, weight in held if weight.dim() > 1), "")


def _initialiser(cls: type) -> Callable[..., Any]:
    if cls.__init__ in (object.__init__, nn.Module.__init__):  # type: ignore[misc]
        return lambda: None
    return _unbound(cls.__init__)  # type: ignore[misc]


def _call_method(cls: type) -> Callable[..., Any] | None:
    if issubclass(cls, nn.Module):
        own = cls.forward is not nn.Module.forward
        return _unbound(cls.forward) if own else None
    for name in ("__call__", "forward"):
        method = next((vars(c)[name] for c in cls.__mro__ if name in vars(c)), None)
        if callable(method):
            return _unbound(method)
    return None


def _unbound(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method as its caller sees it: without `self`."""

    return functools.partial(method, None)


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "a class"
    return "a function" if inspect.isfunction(value) else f"a {type(value).__name__}"


def _word(value: Any) -> str:
    return "class" if inspect.isclass(value) else "function"


def _signature(value: Any) -> str:
    """The parameters of a definition, as it is listed."""
    parameters = signature_of(value.function if isinstance(value, Factory) else value)
    if parameters is None:
        return "(…)"
    shown = [p.name if p.default is EMPTY else f"{p.name}=…" for p in parameters]
    return f"({', '.join(shown)})"
