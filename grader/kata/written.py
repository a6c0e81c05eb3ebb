"""The pitfalls of a kata as they are written: edits by the names of lines, and words in a language.

What a pitfall does not say itself it takes over from the kata that it names as `from`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.kata.kata import KataError, read_toml

ENGLISH = "en"
WORDS = ("title", "explanation", "question")
INHERITED = ("check", "look", "grows", "heatmap", "reading", "together", "also", "with")
"""Fields that are taken over as a whole from the kata that `from` names; `edit` is, by lines."""
FIELDS = {*INHERITED, "id", "from", "edit", "excludes"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """An edit by the names of its lines; one from another kata may have no place in this one."""

    lines: Mapping[str, str]
    inherited: bool = False

    def __str__(self) -> str:
        return ", ".join(f"{name} = {wrong!r}" for name, wrong in self.lines.items())


@dataclass
class Book:
    """The two files of one kata's folder, by the ids of what they speak of."""

    folder: Path
    language: str = ENGLISH
    others: dict[Path, Book] = field(default_factory=dict, repr=False, compare=False)
    """Of the katas that this one takes over from, shared among them."""
    rows: dict[str, Row] = field(init=False)
    kinds: dict[str, str] = field(init=False)
    lines: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        table = _parsed(self.folder / "pitfalls.toml")
        self.rows, self.kinds = {}, {}
        self.lines = table.get("lines", {})
        for kind in ("pitfall", "remark", "convention"):
            for row in table.get(kind, ()):
                self._enter(kind, row)

    def _enter(self, kind: str, row: Row) -> None:
        name = row.get("id", "")
        if not name:
            raise KataError(f"{self.folder / 'pitfalls.toml'}: a {kind} has no id: give it one")
        if name in self.rows:
            raise self.error(name, "is there twice: give one of them another id")
        unknown = set(row) - FIELDS
        if unknown:
            raise self.error(name, f"has no field `{min(unknown)}`{guess(min(unknown), FIELDS)}")
        self.rows[name], self.kinds[name] = row, kind

    def ids(self, kind: str) -> list[str]:
        """Of one kind, in the order they are written."""
        return [name for name, its_kind in self.kinds.items() if its_kind == kind]

    def error(self, name: str, fault: str) -> KataError:
        """What is wrong with one of them, and where."""
        kind = self.kinds.get(name, "pitfall")
        return KataError(f"{self.folder / 'pitfalls.toml'}: {kind} `{name}` {fault}")

    def source(self, name: str, seen: tuple[Path, ...] = ()) -> Book | None:
        """The kata that this one takes over from, if it says so."""
        other = self.rows[name].get("from")
        if other is None:
            return None
        folder = self.folder.parent / other
        if not (folder / "pitfalls.toml").is_file():
            katas = [p.parent.name for p in self.folder.parent.glob("*/pitfalls.toml")]
            raise self.error(name, f"is from `{other}`, which is no kata{guess(other, katas)}")
        if folder not in self.others:
            self.others[folder] = Book(folder, self.language, self.others)
        book = self.others[folder]
        if name not in book.rows:
            raise self.error(
                name, f"is from `{other}`, which has none of this id: write it out here"
            )
        if folder in seen:
            raise self.error(name, "is from a kata that has it from here: write it out in one")
        return book

    def row(self, name: str, seen: tuple[Path, ...] = ()) -> Row:
        """What is said here, over what is taken over."""
        own, book = self.rows[name], self.source(name, seen)
        if book is None:
            return own
        theirs = book.row(name, (*seen, self.folder))
        kept = {key: value for key, value in theirs.items() if key in INHERITED}
        return kept | own | {"edit": self._edits(name, theirs) | self._edits(name, own)}

    def _edits(self, name: str, row: Row) -> dict[str, Any]:
        edits = row.get("edit", {})
        if not isinstance(edits, dict):
            raise self.error(name, "has edits that name no lines: write edit.LINE = …")
        return edits

    def written(self, name: str) -> Iterator[Written]:
        """Its edits, each spelling by itself, in the order they are written."""
        row, own = self.row(name), self.rows[name]
        for line, wrongs in self._edits(name, row).items():
            for wrong in _several(wrongs):
                yield Written({line: wrong}, line not in self._edits(name, own))
        for lines in _several(row.get("together", [])):
            if not isinstance(lines, dict):
                raise self.error(name, "has a `together` without lines: write LINE = … below it")
            yield Written(lines, "together" not in own)

    def words(self, name: str) -> dict[str, str]:
        """What is said to people, by field; empty where nothing is."""
        files = ["mistakes.toml"]
        if self.language != ENGLISH:
            files.append(f"mistakes.{self.language}.toml")
        told = dict.fromkeys(WORDS, "")
        for file in files:
            for book in reversed([*self._sources(name)]):
                told |= _parsed(book.folder / file, optional=True).get(name, {})
        return {key: " ".join(str(words).split()) for key, words in told.items()}

    def _sources(self, name: str) -> Iterator[Book]:
        book: Book | None = self
        while book is not None:
            yield book
            book = book.source(name)


def _parsed(file: Path, *, optional: bool = False) -> dict[str, Any]:
    if optional and not file.is_file():
        return {}
    try:
        stamp = file.stat()
    except OSError:
        return read_toml(file)
    return _parse(file, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=64)
def _parse(file: Path, _stamp: tuple[int, int]) -> dict[str, Any]:
    """Each text is parsed once: a kata's pitfalls are asked for again and again, at 20 ms each."""
    return read_toml(file)


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def guess(meant: str, known: Iterable[str], otherwise: str = "") -> str:
    """`: did you mean …?`, to end an error with, where something known is meant."""
    close = difflib.get_close_matches(meant, sorted(known), n=1, cutoff=0.4)
    hint = f"did you mean `{close[0]}`?" if close else otherwise
    return f": {hint}" if hint else ""
