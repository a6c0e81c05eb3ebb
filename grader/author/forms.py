"""The solution in the forms in which people hand layers in: what is right stays so, and wrong too.

A form is written around the solution's text, mistakes included: another class that holds the layer,
one that is given query, key and value, one that returns a pair, names of the field for what
it takes. What is around it computes nothing, so a mistake in it has to be refused as before.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from grader.kata.entry_point import ROLES, EntryPoint, Parameter

WITHIN = "Within"
"""What the solution's own definition is called inside a form."""


@dataclass(frozen=True)
class Form:
    """A way of handing in what a solution defines."""

    name: str
    write: Callable[[EntryPoint], str]
    """What stands behind the solution's definition, which is called `Within` there."""

    def of(self, text: str, entry: EntryPoint) -> str:
        """A solution's text, edited or not, in this form."""
        inner = re.sub(rf"^(class|def) {entry.name}\b", rf"\1 {WITHIN}", text, flags=re.MULTILINE)
        return f"{inner}\n\nimport torch\n\n{self.write(_as_written(inner, entry))}"


def _as_written(inner: str, entry: EntryPoint) -> EntryPoint:
    """The entry point with the defaults that the text has, which may be a mistake of its own."""
    written: dict[str, str] = {}
    for node in ast.walk(ast.parse(inner)):
        if isinstance(node, ast.FunctionDef) and node.name in (WITHIN, "__init__", "forward"):
            last = node.args.args[len(node.args.args) - len(node.args.defaults) :]
            found = zip(last, node.args.defaults, strict=True)
            written |= {argument.arg: ast.unparse(default) for argument, default in found}

    def told(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
        return tuple(
            p if p.required else replace(p, default=written.get(p.name, p.default))
            for p in parameters
        )

    return replace(entry, construct=told(entry.construct), call=told(entry.call))


def forms(entry: EntryPoint) -> Iterator[Form]:
    """The forms that an entry point can take."""
    if not entry.is_module:
        yield Form("under other names, in a pair", _function)
        yield Form("a class that takes nothing", _callable)
        yield Form("a module that takes nothing", _stateless)
        if set(entry.reads) == set(ROLES) and len({*entry.reads.values()}) == 1:
            yield Form("a function given x three times", _function_by_roles)
        return
    yield Form("in another module", _nested)
    yield Form("under other names" if entry.state else "in a pair, under other names", _pair)
    parts = [entry.reads[role] for role in ROLES if role in entry.reads]
    if len({*parts}) < len(parts) == len(ROLES):
        yield Form(f"given {', '.join(parts)} as query, key and value", _by_roles)
    else:
        yield Form("given its arguments by name", _by_name)


# --- functions --------------------------------------------------------------------------------


def _function(entry: EntryPoint) -> str:
    names = _others(entry.call)
    return (
        f"def {entry.name}({_signed(entry.call, names)}):\n"
        f"    return {WITHIN}({', '.join(names)}), None\n"
    )


def _callable(entry: EntryPoint) -> str:
    return (
        f"class {entry.name}:\n"
        f"    def __call__(self, {_signed(entry.call)}):\n"
        f"        return {WITHIN}({_given(entry.call)})\n"
    )


def _stateless(entry: EntryPoint) -> str:
    return (
        f"class {entry.name}(torch.nn.Module):\n"
        f"    def forward(self, {_signed(entry.call)}):\n"
        f"        return {WITHIN}({_given(entry.call)})\n"
    )


def _function_by_roles(entry: EntryPoint) -> str:
    taken, given = _apart(entry)
    return f"def {entry.name}({taken}):\n    return {WITHIN}({given})\n"


def _apart(entry: EntryPoint) -> tuple[str, str]:
    """What is taken where query, key and value are passed apart, and what is made of that.

    An argument comes once for each role that is read from it; the first of these is used.
    """
    handed = {entry.reads[role]: role for role in reversed(ROLES)}
    rest = [p for p in entry.call if p.name not in handed]
    taken = ", ".join([*ROLES, *(p.spelled for p in rest)])
    return taken, ", ".join(handed.get(p.name, p.name) for p in entry.call)


# --- layers -----------------------------------------------------------------------------------


def _nested(entry: EntryPoint) -> str:
    return _module(entry, _names(entry.construct), _signed(entry.call), _given(entry.call))


def _pair(entry: EntryPoint) -> str:
    names = _others(entry.call)
    built, given = _others(entry.construct), ", ".join(names)
    return _module(entry, built, _signed(entry.call, names), given, "" if entry.state else ", None")


def _by_roles(entry: EntryPoint) -> str:
    return _module(entry, _names(entry.construct), *_apart(entry))


def _by_name(entry: EntryPoint) -> str:
    taken = f"*, {_signed(entry.call)}"
    return _module(entry, _names(entry.construct), taken, _given(entry.call))


def _module(
    entry: EntryPoint, built: Sequence[str], taken: str, given: str, beside: str = ""
) -> str:
    return (
        f"class {entry.name}(torch.nn.Module):\n"
        f"    def __init__(self, {_signed(entry.construct, built)}):\n"
        f"        super().__init__()\n"
        f"        self.attention = {WITHIN}({', '.join(built)})\n\n"
        f"    def forward(self, {taken}):\n"
        f"        return self.attention({given}){beside}\n"
    )


def _names(parameters: Sequence[Parameter]) -> list[str]:
    return [p.name for p in parameters]


def _others(parameters: Sequence[Parameter]) -> list[str]:
    """Other names than the kata's: a mask's says what it is, the rest go by letters."""
    return [
        "attn_mask" if p.mask else letter
        for p, letter in zip(parameters, ascii_lowercase, strict=False)
    ]


def _signed(parameters: Sequence[Parameter], names: Sequence[str] | None = None) -> str:
    """Parameters as a definition lists them, under other names where there are some."""
    spelled = zip(parameters, names or _names(parameters), strict=True)
    return ", ".join(n if p.required else f"{n}={p.default}" for p, n in spelled)


def _given(parameters: Sequence[Parameter]) -> str:
    return ", ".join(_names(parameters))
