"""What `kata.toml` may say: its tables and their keys, so that a slip of the pen is noticed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

LEVELS = ("junior", "mid", "senior")
KINDS = ("function", "module")
TRACKS: Mapping[str, str] = {
    "core": "the classic ladder, from the formula to a layer of a decoder",
    "similarity": "what a score can be: a product, an angle, a small network",
    "serving": "what makes decoding long texts affordable",
    "own": "what was added here",
}
"""Ladders to climb, and what each of them is about."""
ASKED = ("nearly always", "often", "sometimes", "rarely")
"""How often interviews ask for a kata."""
ASKED_SOURCE = "six published collections of interview reports, 2025–26"
TOP = (
    *("title", "rung", "level", "par_minutes", "summary", "track", "after", "asked"),
    "fewest_pitfalls",
)
"""Keys above all tables."""
TABLES: Mapping[str, tuple[str, ...]] = {
    "entry": ("name", "kind"),
    "construct": ("probe", "means", "default", "letter"),
    "call": ("axes", "mask", "dtype", "means", "default", "probe"),
    "returns": ("axes", "state"),
    "sizes": ("multiple",),
    "reads": ("query", "key", "value", "scores"),
    "weights": ("size", "names"),
    "fused": ("roles", "columns"),
    "rules": ("banned",),
    "budget": ("limit", "memory"),
    "example": ("construct", "call", "weights"),
}
"""The keys of each table; of `ROWS`, those of each row."""
ROWS = ("construct", "call", "sizes", "weights")
"""Tables whose rows the author names: parameters, arguments, words of axes, roles."""


def slips(table: Mapping[str, Any]) -> Iterator[str]:
    """Whatever is written that nobody reads, with a guess at what was meant."""
    for name, content in table.items():
        if name in TABLES and isinstance(content, Mapping):
            yield from _in_table(name, content)
        elif name not in TOP:
            shown = f"[{name}]" if isinstance(content, Mapping) else f"`{name}`"
            yield f"{shown} means nothing here{_guess(name, (*TOP, *TABLES))}"
    for key in ("rung", "par_minutes", "fewest_pitfalls"):
        if not isinstance(table.get(key, 0), int | float):
            yield f"{key} = {table[key]!r}: it is a number"
    yield from _one_of("level", table.get("level"), LEVELS)
    yield from _one_of("track", table.get("track"), TRACKS)
    yield from _one_of("asked", table.get("asked"), ASKED)
    yield from _one_of("kind", table.get("entry", {}).get("kind"), KINDS)


def _in_table(name: str, content: Mapping[str, Any]) -> Iterator[str]:
    rows = content.items() if name in ROWS else [("", content)]
    for row, keys in rows:
        where = f"[{name}] {row}".strip()
        for key in keys if isinstance(keys, Mapping) else ():
            if key not in TABLES[name]:
                yield f"{where}: `{key}` means nothing here{_guess(key, TABLES[name])}"


def _one_of(key: str, said: Any, known: Collection[str]) -> Iterator[str]:
    if said is not None and said not in known:
        yield f"{key} = {said!r}: it is one of {', '.join(known)}"


def _guess(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f": did you mean `{near[0]}`?" if near else f"; known are {', '.join(known)}"
