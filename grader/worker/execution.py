"""Execute a submission's source: all of it, or as far as it goes."""

from __future__ import annotations

import ast
import linecache
import re
import sys
import types
import warnings
from typing import Any

from grader.worker.absent import STAND_IN, Absent, without_absent

MODULE = "submission"
FILENAME = "submission.py"
"""What a submission's own frames call their file, whatever it is called on disk."""
WARNING = "warning"
"""How a line begins that shows a warning."""


def attempt(source: str) -> tuple[types.ModuleType, BaseException | None]:
    """Run the submission's source as a module, as far as it goes, and what ended it early."""
    module = types.ModuleType(MODULE)
    module.__file__ = FILENAME
    module.__dict__[STAND_IN] = Absent
    sys.modules[MODULE] = module
    lines = source.splitlines(keepends=True)
    linecache.cache[FILENAME] = (len(source), None, lines, FILENAME)
    try:
        tree = without_absent(ast.parse(source, FILENAME))
        exec(compile(tree, FILENAME, "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:  # SystemExit is the candidate's too
        return module, error
    return module, None


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
