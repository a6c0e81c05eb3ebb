"""What is measured and what each value is called: the engine's words, and a kata's own before them.

`vocabulary.toml` lists values aspect by aspect. Where a kata has a mistake of the same kind in its
pitfalls, that one's name and words are used; how the solution is edited to behave so is said by the
names of the kata's lines, and an edit that names a line the kata does not have is not tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from grader.kata.kata import Kata, read_toml
from grader.kata.mutants import Edit, Pitfall
from grader.kata.pitfalls import NAME, find_pitfall, load_pitfalls
from grader.kata.refused import Refused
from grader.kata.written import Book

FILE = Path(__file__).parent / "vocabulary.toml"
NUMBER = "<c>"
"""Stands for what was measured, in edits and in titles."""
SPELLING = "<e>"
"""Stands for each of the spellings that a value lists."""
WORDS = ("title", "explanation", "question")


@dataclass(frozen=True)
class Value:
    """One value of an aspect: a mistake with a name, and how the solution is edited to show it."""

    aspects: tuple[str, ...]
    pitfall: Pitfall
    id: str = ""
    """What the engine calls it; its pitfall may have a name of the kata's own."""
    look: str = ""
    """The kind of place in a source that a mistake of this kind stands in."""
    measured: bool = False
    """Whether it has to be measured before it is thought of, or before its edits have a number."""
    numbers: tuple[str, ...] = ()
    """Numbers that are worth trying without a measurement."""

    @property
    def example(self) -> Value:
        """The value with some number."""
        return self.at((*self.numbers, "8")[0])

    def at(self, number: str) -> Value:
        """The value with the number that was measured."""
        edits = tuple(
            Edit(e.right, tuple(w.replace(NUMBER, number) for w in e.wrong))
            for e in self.pitfall.edits
        )
        title = self.pitfall.title.replace(NUMBER, number.strip("()").replace("1 / ", "1/"))
        pitfall = replace(self.pitfall, edits=edits, title=title)
        return replace(self, pitfall=pitfall, measured=False, numbers=())


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(read_toml(FILE)["value"])


def values(kata: Kata, text: str) -> tuple[Value, ...]:
    """Every value that the kata has words or edits for: the engine's, then the kata's others."""
    pitfalls = {pitfall.id: pitfall for pitfall in load_pitfalls(kata)}
    lines = Book(kata.folder).lines
    known = [_value(row, pitfalls, lines, text) for row in _spoken(kata)]
    looks = {row["id"]: row.get("look", "") for row in _rows()}
    own = [
        Value(
            _aspects_of(pitfall, lines),
            pitfall,
            look="" if pitfall.look else looks.get(kind(pitfall.id), ""),
        )
        for pitfall in pitfalls.values()
        if pitfall.edits and not pitfall.grows
    ]
    return (*known, *own)


def mistakes(kata: Kata) -> tuple[Pitfall, ...]:
    """What may be named in a kata: its own pitfalls, then what the engine has words for."""
    own = load_pitfalls(kata)
    known = {pitfall.id for pitfall in own}
    rest = (v.example.pitfall for v in values(kata, kata.solution.read_text(encoding="utf-8")))
    return (*own, *(pitfall for pitfall in rest if pitfall.id not in known))


def _spoken(kata: Kata) -> Iterator[Mapping[str, Any]]:
    """The rows as a kata's solution would write them.

    Where one argument of a function plays all parts, edits call it so in the place of query, key
    and value.
    """
    parts = {*kata.entry.reads.values()}
    if kata.entry.is_module or len(parts) != 1:
        yield from _rows()
        return
    (own,) = parts

    def told(said: Any) -> Any:
        if isinstance(said, str):
            return re.sub(r"(?<!\$)\b(query|key|value)\b", own, said)
        if isinstance(said, list):
            return [told(one) for one in said]
        return {name: told(one) for name, one in said.items()}

    for row in _rows():
        own_edits = {name: told(row[name]) for name in ("edit", "together", "each") if name in row}
        yield {**row, **own_edits}


@cache
def _kinds() -> Mapping[str, str]:
    kinds: dict[str, str] = {}
    for row in _rows():
        for name in (row["id"], *row.get("pitfalls", ())):
            kinds.setdefault(name, row["id"])
    return kinds


def kind(name: str) -> str:
    """What kind of mistake it is that one kata calls so: katas may have names of their own."""
    return _kinds().get(name, name)


def names(katas: Sequence[Kata]) -> set[str]:
    """What mistakes are called, in any of the katas."""
    own = {pitfall.id for kata in katas for pitfall in load_pitfalls(kata)}
    return own | {row["id"] for row in _rows()}


def find_mistake(katas: Sequence[Kata], name: str) -> list[tuple[Kata, Pitfall]]:
    """A mistake as the katas tell it that know it, else in the engine's words.

    Raises Refused, with a guess, where there is none of this name.
    """
    try:
        return find_pitfall(katas, name)
    except Refused:
        found = [(kata, p) for kata in katas for p in mistakes(kata) if p.id == name]
        shown = [one for one in found if one[1].edits] or found
        if not shown:
            raise
        return shown[:1]


def _value(
    row: Mapping[str, Any], pitfalls: Mapping[str, Pitfall], lines: Mapping[str, str], text: str
) -> Value:
    words = {name: " ".join(row[name].split()) for name in WORDS}
    named = [i for i in (*row.get("pitfalls", ()), row["id"]) if i in pitfalls]
    if named:
        base = pitfalls[named[0]]
    else:
        base = Pitfall(
            id=row["id"],
            title=words["title"],
            explanation=words["explanation"],
            question=words["question"],
            check="",
            edits=(),
            remark=row.get("remark", False),
        )
    edits = tuple(dict.fromkeys(_edits(row, lines, text)))
    value = Value((row["aspect"],), replace(base, edits=edits), row["id"], row.get("look", ""))
    return replace(
        value, measured=row.get("measured", False), numbers=tuple(row.get("numbers", ()))
    )


def _edits(row: Mapping[str, Any], lines: Mapping[str, str], text: str) -> Iterator[Edit]:
    """The row's edits that have a place in the text."""
    if row.get("unless") in lines:
        return
    written = [
        {line: wrong} for line, wrongs in row.get("edit", {}).items() for wrong in _several(wrongs)
    ]
    written += row.get("together", [])
    for together in map(_behind, written) if _undivided(lines) else written:
        for spelling in row.get("each", [""]):
            edit = _placed(together, spelling, lines)
            if edit is not None and edit.apply(text) is not None and _known(edit, text):
                yield edit


def _undivided(lines: Mapping[str, str]) -> bool:
    """Whether nothing divides the scores, so that they are done as soon as they are there."""
    return "scale" not in lines and "scored" in lines


def _behind(together: Mapping[str, str]) -> Mapping[str, str]:
    """What keeps the scale and goes on, behind the product in its place."""
    if not together.get("scale", "").startswith("$scale"):
        return together
    return {
        "scored" if line == "scale" else line: wrong.replace("$scale", "$scored")
        for line, wrong in together.items()
    }


def _placed(together: Mapping[str, str], spelling: str, lines: Mapping[str, str]) -> Edit | None:
    unknown = [name for name in together if re.fullmatch(NAME, name) and name not in lines]
    asked = set(re.findall(rf"\$({NAME})", " ".join(together.values())))
    if unknown or asked - set(lines):
        return None
    right = tuple(lines.get(name, name) for name in together)
    wrong = tuple(
        re.sub(rf"\$({NAME})", lambda m: lines[m[1]], text.replace(SPELLING, spelling))
        for text in together.values()
    )
    return Edit(right, wrong)


def _known(edit: Edit, text: str) -> bool:
    """Whether all that an edit asks of the layer is there, or made by it: else it only crashes."""
    written = "\n".join(edit.wrong)
    asked = set(re.findall(r"self\.(\w+)", written)) - {"training"}
    made = text + "".join(re.findall(r"self\.\w+ =", written))
    return all(re.search(rf"self\.{name}\b|def {name}\b", made) for name in asked)


def _several(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [value]


ASPECT_OF = {
    "scale": "scale root size width",
    "sums": "softmax",
    "asks": "product transposed scored split roles parts qkv query key value make",
    "hands": "mix out result",
    "heads": "cut turn merge back flat split_heads make_width spread_key spread_value",
    "visibility": "past triangle ones",
    "mask": "given hidden join hiding hide filled",
    "fill": "fill hide filled",
    "empty": "again",
    "dropout": "drop rate make_dropout",
}
"""What a line has to do with: where an edit of it is tried, if its pitfall does not say."""


def _aspects_of(pitfall: Pitfall, lines: Mapping[str, str]) -> tuple[str, ...]:
    """What a kata's own mistake is about: as it says, else by the lines it edits."""
    if pitfall.reading:
        return tuple(aspect for aspect, _ in pitfall.reading)
    edited = {right for edit in pitfall.edits for right in edit.right}
    names = {name for name, line in lines.items() if line in edited}
    found = [a for a, of in ASPECT_OF.items() if names & set(of.split())]
    if "past" in lines and not pitfall.remark and {"mask", "fill"} & set(found):
        found.append("visibility")  # a rule of the kata's own hides as masks do, without any
    last = ("empty", "hands") if len(found) > 1 else ()
    return tuple(found) if pitfall.remark else tuple(a for a in found if a not in last) or ("",)
