"""Known mistakes of a kata, and right alternatives: edits of the solution's text, and their words.

`pitfalls.toml` says which lines are written otherwise and which check has to notice;
`mistakes.toml` says it to people, and `mistakes.de.toml` could say it to others. One table serves
three ends: the edits are the mutants that prove a bank, the code a diagnosis compares a submission
with, and what `kata explain` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grader.kata.kata import Kata, KataError
from grader.kata.mutants import Edit, Pitfall
from grader.kata.refused import Refused
from grader.kata.written import ENGLISH, WORDS, Book, guess

NAME = r"[a-z][a-z0-9_]*"
"""How a line may be called; whatever else stands for one is the text itself."""

LOOP, BROADCAST = r"\bfor\b", r"unsqueeze|None|\*.*\*"
LOOPS, PRODUCTS, SQUARES = (
    ("batch", "rows", "heads", "width"),
    ("scores", "context"),
    ("pairs", "matrix", "past"),
)
WASTE = {
    **dict.fromkeys(LOOPS, LOOP),
    **dict.fromkeys(PRODUCTS, BROADCAST),
    **dict.fromkeys(SQUARES, ""),
    "arithmetic": r"@|matmul|einsum|bmm",
}
"""Where code that costs too much is looked for, by what it grows with."""


@dataclass(frozen=True)
class Convention:
    """A right alternative to what the solution does, which a report mentions where it is chosen."""

    id: str
    title: str
    edit: Edit
    """Without places where it is the solution's own way."""


def load_pitfalls(kata: Kata, language: str = ENGLISH) -> tuple[Pitfall, ...]:
    """First what is refused, then what only costs stars; KataError names the fault's place."""
    stamps = _stamps(kata)
    known = _known.get((kata.folder, language))
    if known is None or known[0] != stamps:
        with _told(kata):
            book = Book(kata.folder, language)
            places = _Places(book, kata)
            found = tuple(
                places.pitfall(name, remark=kind == "remark")
                for kind in ("pitfall", "remark")
                for name in book.ids(kind)
            )
        known = _known[kata.folder, language] = (stamps, found)
    return known[1]


Stamps = tuple[tuple[str, int, int], ...]
_known: dict[tuple[Path, str], tuple[Stamps, tuple[Pitfall, ...]]] = {}
"""By folder and language: a grade asks several times, at 20 ms each."""


def _stamps(kata: Kata) -> Stamps:
    """What tells that a file has changed which the pitfalls are read from."""
    files = [kata.solution, *sorted(kata.folder.parent.glob("*/*.toml"))]
    found = ((file, file.stat()) for file in files if file.is_file())
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in found)


def load_conventions(kata: Kata, language: str = ENGLISH) -> tuple[Convention, ...]:
    """What else is right than the solution's way of doing it."""
    file = kata.folder / "pitfalls.toml"
    if file.is_file() and "convention" not in file.read_text(encoding="utf-8"):
        return ()  # asked in every grade, also where nothing needs the table: parsing takes 20 ms
    with _told(kata):
        book = Book(kata.folder, language)
        places = _Places(book, kata)
        return tuple(places.convention(name) for name in book.ids("convention"))


@contextmanager
def _told(kata: Kata) -> Iterator[None]:
    """What has the wrong form altogether, such as a number for a list, is told as well."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        raise KataError(f"{kata.folder / 'pitfalls.toml'} is malformed: {error}") from error


def find_pitfall(katas: Sequence[Kata], name: str) -> list[tuple[Kata, Pitfall]]:
    """Pitfalls called `name`, in every kata that has one; Refused guesses otherwise."""
    known = [(kata, pitfall) for kata in katas for pitfall in load_pitfalls(kata)]
    found = [(kata, p) for kata, p in known if p.id == name]
    if found:
        return found
    raise Refused(
        f"there is no pitfall `{name}`"
        + guess(name, [p.id for _, p in known], "`kata grade` names them.")
    )


# --- where the edits go -----------------------------------------------------------------------


@dataclass
class _Misfit(Exception):
    """An edit that has no place in the solution, and what to do about it."""

    fault: str


@dataclass
class _Places:
    """Where in a kata's solution the edits of its book go."""

    book: Book
    kata: Kata
    solution: str = field(init=False)
    known: dict[str, tuple[list[Edit], list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self.solution = self.kata.solution.read_text(encoding="utf-8")
        except OSError as error:
            raise KataError(f"{self.kata.solution}: {error.strerror}") from error
        for name, line in self.book.lines.items():
            if line not in self.solution:
                file = self.book.folder / "pitfalls.toml"
                raise KataError(f"{file}: line `{name}` does not stand in {self.kata.solution}")

    def pitfall(self, name: str, *, remark: bool) -> Pitfall:
        """One of them with its words, and its edits as text."""
        row, words = self.book.row(name), self.book.words(name)
        edits, unplaced = self.edits(name)
        if not edits:
            raise self.book.error(name, "has no edit with a place here: write one, as edit.LINE")
        if "check" not in row:
            raise self.book.error(name, "names no check that has to notice it")
        return Pitfall(
            id=name,
            **{key: words[key] for key in WORDS},
            check=row["check"],
            edits=tuple(edits),
            look=row.get("look", WASTE.get(row.get("grows", ""), "")),
            grows=row.get("grows", ""),
            heatmap=row.get("heatmap", False),
            remark=remark,
            excludes=tuple(row.get("excludes", ())),
            reading=tuple(row.get("reading", {}).items()),
            unplaced=tuple(unplaced),
        )

    def convention(self, name: str) -> Convention:
        """A right alternative: one edit, or none where the solution does it so."""
        edits, _ = self.edits(name)
        if len(edits) > 1:
            raise self.book.error(name, "is several edits: put them into one, as `together`")
        return Convention(name, self.book.words(name)["title"], edits[0] if edits else Edit((), ()))

    def edits(self, name: str, asking: tuple[str, ...] = ()) -> tuple[list[Edit], list[str]]:
        """Its edits, and those of another kata that have no place here."""
        if name not in self.known:
            self.known[name] = self._edits(name, asking)
        return self.known[name]

    def _edits(self, name: str, asking: tuple[str, ...]) -> tuple[list[Edit], list[str]]:
        row, own = self.book.row(name), self.book.rows[name]
        edits: list[Edit] = []
        unplaced: list[str] = []
        for written in self.book.written(name):
            try:
                edits += self._beside(name, self._placed(written.lines), asking)
            except _Misfit as misfit:
                if not written.inherited and row.get("with") == own.get("with"):
                    raise self.book.error(name, misfit.fault) from None
                unplaced.append(str(written))
        again: list[Edit] = []
        for other in row.get("also", ()):
            try:
                again += self._again(name, edits, other, asking)
            except _Misfit as misfit:
                if other in own.get("also", ()):
                    raise self.book.error(name, misfit.fault) from None
                unplaced.append(f"also {other}")
        return [*edits, *again], unplaced

    def _beside(self, name: str, edit: Edit, asking: tuple[str, ...]) -> list[Edit]:
        """The edit, or instead of it what it is beside each that its pitfall comes with."""
        others = self.book.row(name).get("with", ())
        together = [edit.beside(self._first(name, other, asking)) for other in others]
        for both in together:
            self._fits(both)
        return together or [edit]

    def _again(
        self, name: str, edits: Sequence[Edit], other: str, asking: tuple[str, ...]
    ) -> list[Edit]:
        """All of the edits once more beside another's, where they do not touch the same place."""
        first = self._first(name, other, asking)
        both = [edit.beside(first) for edit in edits]
        fitting = [edit for edit in both if edit.apply(self.solution) is not None]
        if edits and not fitting:
            raise _Misfit(f"goes with `{other}`, which has a place beside none of its edits")
        return fitting

    def _first(self, name: str, other: str, asking: tuple[str, ...]) -> Edit:
        """What another pitfall's first edit is, to stand beside one of this."""
        if other not in self.book.rows:
            hint = guess(other, self.book.rows, "name one of this kata")
            raise _Misfit(f"goes with `{other}`, which is not there{hint}")
        if other in (name, *asking):
            raise self.book.error(
                name, f"goes with `{other}`, which goes with it: drop one of them"
            )
        edits, _ = self.edits(other, (*asking, name))
        if not edits:
            raise _Misfit(f"goes with `{other}`, which has no edit")
        return edits[0]

    def _placed(self, lines: Mapping[str, str]) -> Edit:
        wrong = tuple(self._filled(text) for text in lines.values())
        edit = Edit(tuple(self._line(name) for name in lines), wrong)
        self._fits(edit)
        return edit

    def _fits(self, edit: Edit) -> None:
        text = self.solution
        for right, wrong in zip(edit.right, edit.wrong, strict=True):
            once = Edit((right,), (wrong,)).apply(text)
            if once is None:
                times = text.count(right)
                raise _Misfit(
                    f"replaces `{right}`, which stands {times} times in {self.kata.solution.name}"
                    " by then: an edit needs what stands there exactly once"
                )
            text = once

    def _line(self, name: str) -> str:
        if not re.fullmatch(NAME, name):
            return name
        if name not in self.book.lines:
            raise _Misfit(
                f"edits `{name}`, which is not under [lines]"
                + guess(name, self.book.lines, "add it")
            )
        return self.book.lines[name]

    def _filled(self, text: object) -> str:
        """`$name` in a replacement is what that line says in this kata."""
        if not isinstance(text, str):
            raise _Misfit(f"replaces a line by {text!r}, which is no text")
        return re.sub(rf"\$({NAME})", lambda match: self._line(match[1]), text)
