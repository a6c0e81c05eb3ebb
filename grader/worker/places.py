"""Where in its line something was raised: the operator or the call, as a compiler marks it."""

from __future__ import annotations

import ast
import linecache
import traceback


def columns(frame: traceback.FrameSummary) -> list[int] | None:
    """Where the operation begins and ends, in characters; None where it is not within one line.

    Of an operator with two sides, from the sign on.
    """
    line, begin, end = frame.lineno, frame.colno, frame.end_colno
    if line is None or begin is None or end is None or frame.end_lineno != line:
        return None
    raw = linecache.getline(frame.filename, line).encode()
    before, spanned = (part.decode(errors="ignore") for part in (raw[:begin], raw[begin:end]))
    return [len(before) + _sign(spanned), len(before) + len(spanned)]


def _sign(expression: str) -> int:
    """Where in an expression its operator stands, if it is one of two sides; else its begin."""
    try:
        node = ast.parse(f"({expression})", mode="eval").body
    except (SyntaxError, ValueError):
        return 0
    if not isinstance(node, ast.BinOp):
        return 0
    left = len(f"({expression})".encode()[: node.left.end_col_offset].decode(errors="ignore")) - 1
    behind = expression[left:]
    return left + len(behind) - len(behind.lstrip(" )"))
