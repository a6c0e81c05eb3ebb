"""A report as text that can be kept, or sent to another process, and read back as it was.

Unlike schema 1, which is for others to rely on, this follows the dataclasses of `verdict`: what a
later version no longer knows is left out, and what an older one did not say has its default.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from grader.report.verdict import Check, Report


class Unreadable(Exception):
    """The text is not what was kept."""


def pack_report(report: Report) -> str:
    """A report as one line of JSON."""
    return json.dumps(asdict(report), separators=(",", ":"))


def unpack_report(text: str) -> Report:
    """The report back; raises Unreadable."""
    return _unpack(Report, text)


def pack_check(check: Check) -> str:
    """A check as one line of JSON."""
    return json.dumps(asdict(check), separators=(",", ":"))


def unpack_check(text: str) -> Check:
    """The check back; raises Unreadable."""
    return _unpack(Check, text)


T = typing.TypeVar("T")


def _unpack(kind: type[T], text: str) -> T:
    try:
        read: T = _read(kind, json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(f"not a kept {kind.__name__.lower()}: {error}") from error
    return read


def _read(kind: Any, value: Any) -> Any:
    """`value` as the type that an annotation names."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(arguments[0], value)
    if origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_read(k, v) for k, v in zip(kinds, value, strict=True))
    if is_dataclass(kind):
        return _read_dataclass(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not {kind}")
    return value


def _read_dataclass(kind: Any, value: Any) -> Any:
    hints = _hints(kind)
    known = {name: _read(hints[name], value[name]) for name in hints if name in value}
    missing = [
        f.name
        for f in fields(kind)
        if f.name not in known and f.default is MISSING and f.default_factory is MISSING
    ]
    if missing:
        raise KeyError(missing[0])
    return kind(**known)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
