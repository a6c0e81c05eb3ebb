"""A new kata for an author: files that already run, to be changed into what the kata is about."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template

from grader.kata.paths import data_root
from grader.kata.refused import Refused

PACKAGE = Path(__file__).resolve().parents[1]
TEMPLATES = PACKAGE / "author" / "templates"
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TAKEN = {*sys.stdlib_module_names, "torch", "tensor"}
"""Submissions are called after their kata: these names would hide a module or a type."""
RUNG = 99
"""Above the ladder until the author finds the kata's place."""


class CannotScaffold(Refused):
    """The kata was not written; the message names fault and remedy."""


def scaffold(slug: str, root: Path | None = None, *, module: bool = False) -> tuple[Path, ...]:
    """Write a kata's folder and its solution below `root`, never over what is there.

    The kata is plain attention: a function, or a layer. Returns the files written.
    """
    name = _name(slug, module=module)
    root = data_root() if root is None else root
    _assert_writable(root)
    words = {
        "slug": slug,
        "name": name,
        "title": slug.replace("-", " ").capitalize(),
        "rung": str(RUNG),
    }
    texts = {
        _place(root, slug, template): Template(template.read_text(encoding="utf-8"))
        for template in _templates("module" if module else "function")
    }
    for taken in (root / "katas" / slug, root / "solutions" / f"{slug}.py"):
        if taken.exists() or taken.is_symlink():
            raise CannotScaffold(f"{taken} exists already: choose another name for the new kata")
    for file, template in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as new:
                new.write(template.substitute(words))
        except OSError as error:
            raise CannotScaffold(
                f"{file} cannot be written: {error.strerror}; try another --root"
            ) from error
    return tuple(texts)


def _name(slug: str, *, module: bool) -> str:
    """The entry point's name: `linear_attention` or `LinearAttention`."""
    if not SLUG.fullmatch(slug):
        raise CannotScaffold(
            f"{slug!r} is no name for a kata: small letters and digits, words joined by single "
            "hyphens, such as linear-attention"
        )
    name = slug.replace("-", "_")
    words = "".join(word.capitalize() for word in slug.split("-"))
    if name in TAKEN or keyword.iskeyword(name) or keyword.iskeyword(words):
        raise CannotScaffold(f"`{slug}` means something to Python already: add a word to it")
    return words if module else name


def _assert_writable(root: Path) -> None:
    if root.resolve().is_relative_to(PACKAGE):
        raise CannotScaffold(
            "this kata is installed, and its own folder is lost with the next update: run it "
            "from a checkout, or name one with --root"
        )
    if not root.is_dir():
        raise CannotScaffold(f"{root} is no folder: name the one that holds katas/ with --root")


def _templates(kind: str) -> Iterator[Path]:
    for folder in (kind, "both"):
        yield from sorted((TEMPLATES / folder).glob("*.txt"))


def _place(root: Path, slug: str, template: Path) -> Path:
    """Where a template's text belongs; the ending .txt only keeps it from being a module here."""
    folder = root / "katas" / slug
    if template.stem == "solution.py":
        return root / "solutions" / f"{slug}.py"
    if template.stem == "bank.py":
        return folder / f"test_{slug.replace('-', '_')}.py"
    return folder / template.stem
