"""Execute a submission's source: all of it, or as far as it goes."""

from __future__ import annotations

import ast
import linecache
import sys
import types

from grader.worker.absent import STAND_IN, Absent, without_absent

MODULE = "submission"
FILENAME = "submission.py"
"""What a submission's own frames call their file, whatever it is called on disk."""


def execute(source: str) -> types.ModuleType:
    """Run the submission's source as a module; whatever it raises is raised here."""
    module, error = attempt(source)
    if error is not None:
        raise error
    return module


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
