"""A kata is a folder of data: read it, list them all, and say which one was meant."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.kata.paths import data_root


class KataError(Exception):
    """A kata that does not exist or whose folder is not right; the message is for the reader."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kata's entry point: required unless it has a default."""

    name: str
    default: str | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None

    @classmethod
    def parse(cls, text: str) -> Parameter:
        """Read `"mask=None"` or `"query"`."""
        name, _, default = text.partition("=")
        return cls(name.strip(), default.strip() or None)


@dataclass(frozen=True)
class EntryPoint:
    """What the submission has to offer."""

    name: str
    kind: str
    construct: tuple[Parameter, ...]
    call: tuple[Parameter, ...]
    probe: dict[str, Any]

    @property
    def is_module(self) -> bool:
        """Whether the kata asks for an `nn.Module` rather than a function."""
        return self.kind == "module"

    @property
    def signature(self) -> str:
        """The call as a person writes it."""
        inside = ", ".join(_spell(p) for p in (self.construct if self.is_module else self.call))
        return f"{self.name}({inside})"


def _spell(parameter: Parameter) -> str:
    if parameter.default is None:
        return parameter.name
    return f"{parameter.name}={parameter.default}"


@dataclass(frozen=True)
class Kata:
    """One kata: its folder, and what `kata.toml` says."""

    slug: str
    folder: Path
    solution: Path
    title: str
    rung: int
    level: str
    par_minutes: int
    summary: str
    entry: EntryPoint
    roles: dict[str, tuple[str, str]]
    """Projection roles and their (out, in) sizes in names of constructor parameters."""
    fused: tuple[str, ...]
    banned: tuple[str, ...]
    budget_limit: float

    @cached_property
    def banks(self) -> tuple[Path, ...]:
        """The files of the hidden bank."""
        return tuple(sorted(self.folder.glob("test_*.py")))

    @cached_property
    def announced(self) -> tuple[str, ...]:
        """The checks the bank's text announces, independent of what pytest makes of it."""
        texts = (bank.read_text(encoding="utf-8") for bank in self.banks)
        return tuple(name for t in texts for name in re.findall(r"^def (test_\w+)", t, re.M))

    def text(self, name: str) -> str:
        """One of the kata's documents, such as `README.md`."""
        return (self.folder / name).read_text(encoding="utf-8")

    def table(self, name: str) -> dict[str, Any]:
        """One of the kata's tables, such as `questions.toml`."""
        return read_toml(self.folder / name)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file, naming it when it cannot be parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KataError(f"{path}: {error}") from error


def load(folder: Path, solutions: Path | None = None) -> Kata:
    """Read the kata in `folder`; its solution lies in `solutions`, beside the katas by default."""
    solutions = solutions or folder.parent.parent / "solutions"
    table = read_toml(folder / "kata.toml")
    try:
        entry = table["entry"]
        fused = table.get("fused", {})
        return Kata(
            slug=folder.name,
            folder=folder,
            solution=solutions / f"{folder.name}.py",
            title=table["title"],
            rung=table["rung"],
            level=table["level"],
            par_minutes=table["par_minutes"],
            summary=table["summary"],
            entry=EntryPoint(
                name=entry["name"],
                kind=entry["kind"],
                construct=tuple(Parameter.parse(p) for p in entry.get("construct", ())),
                call=tuple(Parameter.parse(p) for p in entry["call"]),
                probe=entry.get("probe", {}),
            ),
            roles={role: (out, inn) for role, (out, inn) in table.get("weights", {}).items()},
            fused=tuple(fused.get("roles", ())),
            banned=tuple(table["rules"]["banned"]),
            budget_limit=table["budget"]["limit"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise KataError(f"{folder / 'kata.toml'}: {error!r} is missing or malformed") from error


def all_katas(root: Path | None = None) -> list[Kata]:
    """Every kata, by rung."""
    folders = ((root or data_root()) / "katas").glob("*/kata.toml")
    return sorted((load(f.parent) for f in folders), key=lambda k: (k.rung, k.slug))


def find(slug: str, root: Path | None = None) -> Kata:
    """The kata called `slug`, else an error that guesses which was meant."""
    folder = (root or data_root()) / "katas" / slug
    known = [f.parent.name for f in folder.parent.glob("*/kata.toml")]
    if slug in known:
        return load(folder)
    guesses = difflib.get_close_matches(slug.replace("_", "-").lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean `{guesses[0]}`?" if guesses else "`kata list` shows them all."
    raise KataError(f"there is no kata `{slug}`: {hint}")
