"""Packages that are not installed here: importing one is no fault until it is used.

Published files import what their demos need (plots, progress bars, data sets) at the top. An import
that cannot be met is replaced by a stand-in, which may be named in annotations and says what is
missing as soon as code asks it to do something.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from typing import Any, NoReturn

STAND_IN = "__absent__"


class Absent:
    """Something of a package that is not installed."""

    def __init__(self, package: str) -> None:
        self.__dict__["_package"] = package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(self._package)

    def __getitem__(self, _: Any) -> Absent:
        return self

    def __or__(self, _: Any) -> Absent:
        return self

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{self._package}, which is not installed>"


def _missed(self: Absent, *_: Any, **__: Any) -> NoReturn:
    name = self._package
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


for _method in (
    "call bool iter len enter float int index neg add radd sub rsub mul rmul truediv rtruediv pow "
    "rpow matmul rmatmul eq lt gt le ge contains mro_entries torch_function"
).split():
    setattr(Absent, f"__{_method}__", _missed)
Absent.__hash__ = object.__hash__  # type: ignore[method-assign]


def without_absent(tree: ast.Module) -> ast.Module:
    """The tree with stand-ins for what its top level imports and is not there.

    An import inside `try` is left alone: that code knows what to do without.
    """
    tree.body = [line for statement in tree.body for line in _met(statement)]
    return tree


def absent_from(source: str) -> list[str]:
    """The packages that the top level of a source imports and that are not there."""
    found: dict[str, None] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            found |= {_root(alias.name): None for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            found |= {_root(_source(statement)) or _source(statement): None}
    return [name for name in found if not _is_there(name)]


def _met(statement: ast.stmt) -> list[ast.stmt]:
    if isinstance(statement, ast.Import):
        gone = [alias for alias in statement.names if not _is_there(alias.name)]
        there = [alias for alias in statement.names if alias not in gone]
        rest: list[ast.stmt] = [ast.copy_location(ast.Import(there), statement)] if there else []
        return rest + [_stand_in(statement, a.name, a.asname or _root(a.name)) for a in gone]
    if isinstance(statement, ast.ImportFrom) and not _is_there(_source(statement)):
        names = [a.asname or a.name for a in statement.names if a.name != "*"]
        return [_stand_in(statement, _source(statement), name) for name in names]
    return [statement]


def _source(statement: ast.ImportFrom) -> str:
    """The package an import is from; a file beside the submission is none that is there."""
    return "." * statement.level + (statement.module or "")


def _root(name: str) -> str:
    return name.partition(".")[0]


def _is_there(name: str) -> bool:
    root = _root(name)
    if root in sys.modules or root == "__future__":
        return True
    try:
        return bool(root) and importlib.util.find_spec(root) is not None
    except (ImportError, ValueError):
        return False


def _stand_in(statement: ast.stmt, package: str, name: str) -> ast.stmt:
    """`name = __absent__("package")`, in the place of the import."""
    made = ast.Assign(
        [ast.Name(name, ast.Store())],
        ast.Call(ast.Name(STAND_IN, ast.Load()), [ast.Constant(_root(package) or package)], []),
    )
    return ast.fix_missing_locations(ast.copy_location(made, statement))
