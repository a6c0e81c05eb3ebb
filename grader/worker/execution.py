"""Execute a submission's source: all of it, or as far as it goes.

Published files import what their demos need (plots, progress bars, data sets) at the top. An import
that cannot be met is no fault until it is used: a stand-in takes its place, which may be named in
annotations and says what is missing as soon as code asks it to do something.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import re
import sys
import types
import warnings
from dataclasses import dataclass
from typing import Any, NoReturn

MODULE = "submission"
FILENAME = "submission.py"
"""What a submission's own frames call their file, whatever it is called on disk."""
WARNING = "warning"
"""How a line begins that shows a warning."""
STAND_IN = "__absent__"


@dataclass(frozen=True)
class Execution:
    """A source as far as it was executed, and what ended it early."""

    module: types.ModuleType
    absent: tuple[str, ...] = ()
    """Packages that its top level imports and that are not there."""
    error: BaseException | None = None


def attempt(source: str) -> Execution:
    """Run the submission's source as a module, as far as it goes."""
    module = types.ModuleType(MODULE)
    module.__file__ = FILENAME
    module.__dict__[STAND_IN] = Absent
    sys.modules[MODULE] = module
    lines = source.splitlines(keepends=True)
    linecache.cache[FILENAME] = (len(source), None, lines, FILENAME)
    absent: tuple[str, ...] = ()
    try:
        text: str | ast.Module = source
        if not _imports_what_is_there(source):
            tree = ast.parse(source, FILENAME)
            absent, text = tuple(absent_from(tree)), without_absent(tree)
        exec(compile(text, FILENAME, "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:  # SystemExit is the candidate's too
        return Execution(module, absent, error)
    return Execution(module, absent)


def forget() -> None:
    """Leave nothing of what was executed last."""
    sys.modules.pop(MODULE, None)
    linecache.cache.pop(FILENAME, None)


def line_of(error: BaseException) -> int:
    """The line of the submission's top level that an exception came through."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == FILENAME and code.co_name == "<module>":
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


def brief(error: BaseException) -> str:
    """An exception in a few words."""
    try:
        words = str(error).strip().splitlines()
    except Exception:  # a candidate's own exception may refuse to be printed
        words = []
    name = type(error).__name__
    return f"{name}: {words[0][:100]}" if words else name


def own_frame() -> dict[str, Any]:
    """The submission's own line that the process is at just now; empty where it is at none."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != FILENAME:
        frame = frame.f_back
    if frame is None:
        return {}
    text = linecache.getline(FILENAME, frame.f_lineno).strip()
    return {"line": frame.f_lineno, "function": frame.f_code.co_name, "text": text}


def first_line_with(word: str) -> dict[str, Any]:
    """The first line of the submission that calls something of this name."""
    cached = linecache.cache.get(FILENAME)
    for number, text in enumerate(cached[2] if cached else (), 1):  # type: ignore[misc]
        if re.search(rf"\b{re.escape(word)}\(", text):
            return {"line": number, "function": "", "text": text.strip()}
    return {}


def warn_plainly() -> None:
    """Show warnings by their words and the submission's line, not by where torch keeps its code."""

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        line = own_frame().get("line")
        where = f", line {line}" if line else ""
        words = " ".join(str(message).split())
        words = re.sub(r"\s*\(Triggered internally at [^)]*\)", "", words)
        print(f"{WARNING}{where}: {category.__name__}: {words}", file=sys.stderr)

    warnings.showwarning = show


# --- what is not installed --------------------------------------------------------------------


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


FROM = re.compile(r"from[ \t]+(\w+)[\w.]*[ \t]+import\b")
IMPORT = re.compile(r"import[ \t]+(\w+)[\w.]*(?:[ \t]+as[ \t]+\w+)?$")
"""Imports as nearly everybody writes them, one a line, and the package that they are from."""


def _imports_what_is_there(source: str) -> bool:
    """Whether a glance tells that no import of a source is in vain; most often it does.

    A tree takes ten times as long, in each worker anew.
    """
    for line in source.splitlines():
        if "import" in line:
            text = line.partition("#")[0].strip()
            told = FROM.match(text) or IMPORT.match(text)
            if told is None or not _is_there(told[1]):
                return False
    return True


def without_absent(tree: ast.Module) -> ast.Module:
    """The tree with stand-ins for what its top level imports and is not there.

    An import inside `try` is left alone: that code knows what to do without.
    """
    tree.body = [line for statement in tree.body for line in _met(statement)]
    return tree


def absent_from(tree: ast.Module) -> list[str]:
    """The packages that the top level of a source imports and that are not there."""
    found: dict[str, None] = {}
    for statement in tree.body:
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
