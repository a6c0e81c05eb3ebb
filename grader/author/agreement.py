"""The paperwork and `kata.toml` say the same of a call: its arguments, their defaults, their axes.

`kata.toml` is what the engine goes by; stub and statement are what a person reads. Signatures are
compared as signatures, whatever is annotated. Shapes are looked for as people write them,
`(B, S, hidden_dim)`: a name with its shape right behind it must not be given another one, and every
shape stands somewhere. A constructor's parameter may go by its letter, as in `(B, S, D)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.kata.axes import LEAD, Axes
from grader.kata.entry_point import Parameter
from grader.kata.kata import Kata

SHAPE = re.compile(r"\(((?:(?:…|\.\.\.|\w+)\s*,\s*)*(?:…|\.\.\.|\w+),?)\)")
"""Anything that looks like a shape: words, numbers and dots between parentheses."""
ALIKE = "make them the same"
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Signature:
    """Parameters with their defaults as Python writes them, None where they have none."""

    parameters: tuple[tuple[str, str | None], ...]

    @classmethod
    def wanted(cls, parameters: Sequence[Parameter]) -> Signature:
        """What kata.toml asks for."""
        return cls(tuple((p.name, _plain(p.default)) for p in parameters))

    @classmethod
    def written(cls, arguments: ast.arguments) -> Signature:
        """What a `def` says, but for `self`."""
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        defaults: list[str | None] = [None] * (len(names) - len(arguments.defaults))
        defaults += [ast.unparse(d) for d in arguments.defaults]
        pairs = [*zip(names, defaults, strict=True)]
        for keyword, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            pairs.append((keyword.arg, None if default is None else ast.unparse(default)))
        return cls(tuple(pair for pair in pairs if pair[0] != "self"))

    def __str__(self) -> str:
        parts = (n if default is None else f"{n}={default}" for n, default in self.parameters)
        return f"({', '.join(parts)})"


def _plain(default: str | None) -> str | None:
    return None if default is None else ast.unparse(ast.parse(default, mode="eval").body)


def disagreements(kata: Kata) -> Iterator[str]:
    """Where solution, stub or statement say another thing than `kata.toml`, as sentences."""
    solution, stub = kata.solution, kata.folder / "stub.py"
    for file in (solution, stub):
        if not file.is_file():
            continue
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"), file.name)
        except SyntaxError as error:
            yield f"{file.name}, line {error.lineno}, does not parse: {error.msg}"
            continue
        except ValueError as error:
            yield f"{file.name} is no Python text: {error}"
            continue
        found = [n for n in tree.body if isinstance(n, Definition) and n.name == kata.entry.name]
        if not found:
            yield f"{file.name} defines no `{kata.entry.name}`, which kata.toml names"
            continue
        yield from _definition(file.name, found[0], kata)
        if file == stub:
            yield from _shapes(file.name, _docstrings(found[0]), kata)
            yield from _plain_arguments(_docstrings(found[0]), kata)
    statement = kata.folder / "README.md"
    if statement.is_file():
        text = statement.read_text(encoding="utf-8", errors="replace")
        yield from _calls(text, kata)
        yield from _shapes(statement.name, text, kata)


# --- signatures -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """One `def` that code has to have, and how the statement shows the call of it."""

    name: str
    shown: str
    signature: Signature

    def differs(self, file: str, name: str, written: Signature) -> str:
        """What is said where a file has another one."""
        return f"{file} has `{name}{written}`, kata.toml `{name}{self.signature}`: {ALIKE}"


def _wanted(kata: Kata) -> tuple[Wanted, ...]:
    entry = kata.entry
    call = Signature.wanted(entry.call)
    if not entry.is_module:
        return (Wanted(entry.name, entry.name, call),)
    construct = Signature.wanted(entry.construct)
    return Wanted("__init__", entry.name, construct), Wanted("forward", "layer", call)


def _definition(file: str, found: Definition, kata: Kata) -> Iterator[str]:
    """What a function, or the methods of a class, take."""
    if isinstance(found, ast.ClassDef) != kata.entry.is_module:
        wanted = "a class" if kata.entry.is_module else "a function"
        yield f"{file}: `{found.name}` has to be {wanted}, as kata.toml says"
        return
    nodes = found.body if isinstance(found, ast.ClassDef) else [found]
    functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef)}
    for one in _wanted(kata):
        if one.name in functions:
            written = Signature.written(functions[one.name].args)
            if written != one.signature:
                yield one.differs(file, one.name, written)
        elif one.signature.parameters:
            yield f"{file}: `{found.name}` has no `{one.name}{one.signature}`, which is asked for"


def _calls(text: str, kata: Kata) -> Iterator[str]:
    """The statement shows how the entry point is called, and a layer also how it is built."""
    for one in _wanted(kata):
        found = list(_signatures(text, one.shown))
        if found and one.signature not in found:
            yield one.differs("README.md", one.shown, found[0])
        elif not found:
            yield f"README.md does not show `{one.shown}{one.signature}`: add it"


def _signatures(text: str, name: str) -> Iterator[Signature]:
    """Whatever stands as a call of `name` and reads as parameters."""
    for match in re.finditer(rf"(?<![\w.]){re.escape(name)}\(", text):
        end = _closing(text, match.end())
        try:
            tree = ast.parse(f"def f({text[match.end() : end]}): ...")
        except (SyntaxError, ValueError):
            continue
        if isinstance(tree.body[0], ast.FunctionDef):
            yield Signature.written(tree.body[0].args)


def _closing(text: str, start: int) -> int:
    """Where the parenthesis closes that was opened just before `start`."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place
    return start


# --- shapes -----------------------------------------------------------------------------------


def _docstrings(found: Definition) -> str:
    """Every docstring of a definition, one after another."""
    nodes = [n for n in ast.walk(found) if isinstance(n, Definition)]
    return "\n\n".join(ast.get_docstring(node) or "" for node in nodes)


def _shapes(file: str, text: str, kata: Kata) -> Iterator[str]:
    """Each argument's axes, and those of the result."""
    letters = {p.name: p.letter for p in kata.entry.construct if p.letter}
    everywhere = {_normal(found) for found in SHAPE.findall(text)}
    for name, axes in kata.entry.axes.items():
        right = _spellings(axes, letters)
        behind = [_normal(shape) for shape in _behind(name, text)]
        mask = kata.entry.mask is not None and kata.entry.mask.name == name
        if behind and not right & set(behind) and not mask:  # masks come in many shapes
            yield (
                f"{file} says `{name}` is {_written(behind[0])}, kata.toml "
                f"{_written(axes.words, lead=axes.lead)}: {ALIKE}"
            )
        elif not right & everywhere:
            shape = _written(axes.words, lead=axes.lead)
            yield f"{file} does not give the shape of `{name}`: write {shape} beside it"
    returns = Axes.parse(kata.entry.returns)
    if not _spellings(returns, letters) & everywhere:
        shape = _written(returns.words, lead=returns.lead)
        yield f"{file} does not give the shape of the result: write {shape}"


def _plain_arguments(text: str, kata: Kata) -> Iterator[str]:
    for parameter in kata.entry.call:
        if not parameter.axes and not re.search(rf"\b{parameter.name}\b", text):
            yield f"stub.py says nothing about `{parameter.name}` in its docstring: say what it is"


def _behind(name: str, text: str) -> Iterator[str]:
    """The shapes written right behind a name: `x (B, S, D)`, `| x | (B, S, D)`, `x: (B, S, D)`.

    One with numbers in it is an example, of values or of sizes; one word alone may be a remark.
    """
    for match in re.finditer(rf"\b{name}\b[`*]*\s*[:|=]?\s*(?:→\s*)?{SHAPE.pattern}", text):
        if "," in match[1] and not any(word.isdigit() for word in _normal(match[1])):
            yield match[1]


def _normal(shape: str) -> tuple[str, ...]:
    words = shape.replace("...", LEAD).split(",")
    return tuple(word.strip() for word in words if word.strip())


def _spellings(axes: Axes, letters: Mapping[str, str]) -> set[tuple[str, ...]]:
    """The axes by their words, and by any letters in place of words."""
    found: list[tuple[str, ...]] = [(LEAD,) if axes.lead else ()]
    for word in axes.words:
        found = [(*f, w) for f in found for w in {word, letters.get(word, word)}]
    return set(found)


def _written(words: Sequence[str], *, lead: bool = False) -> str:
    shape = (*((LEAD,) if lead else ()), *words)
    return f"({', '.join(shape)}{',' * (len(shape) == 1)})"
