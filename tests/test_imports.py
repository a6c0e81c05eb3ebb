"""Imports run one way, and what does not grade does not import torch."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grader

ROOT = Path(grader.__file__).parent
EVERYTHING = {"every folder"}
FACES = {"cli", "notebook", "__main__"}
MAY_IMPORT = {
    "kata": set(),
    "report": set(),
    "worker": {"kata"},
    "exchange": {"kata", "report", "worker"},
    "bank": {"kata", "report", "worker", "exchange"},
    "diagnosis": {"kata", "report", "worker", "exchange", "bank"},
    "judge": {"kata", "report", "worker", "exchange", "bank", "diagnosis"},
    "practice": {"kata", "report"},
    "interview": {"kata", "report", "judge", "practice"},
    "author": {"kata", "report", "worker", "exchange", "bank", "diagnosis", "judge"},
    "render": {"kata", "report", "practice", "interview", "author"},
    "watch": {"kata", "report", "judge", "practice", "render"},
    "commands": EVERYTHING,
}
"""Thirteen folders, and what each may import beside itself; whatever is not here is a face."""


@cache
def modules() -> dict[str, Path]:
    found = {}
    for file in ROOT.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(p for p in parts if p != "__init__")
        if name and parts[0] != "data":
            found[name] = file
    return found


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader"):
            base = (node.module or "").removeprefix("grader").removeprefix(".")
            inner = {f"{base}.{a.name}".strip(".") for a in node.names}
            names |= (inner & set(modules())) or ({base} if base else set())
    return names


def room(name: str) -> str:
    """The room at the top of the house that a module lies in."""
    return name.partition(".")[0]


@cache
def arrows() -> dict[str, set[str]]:
    return {name: imported(file) for name, file in modules().items()}


def test_the_rooms_are_the_folders_and_the_faces() -> None:
    folders = {room(name) for name in modules() if "." in name}
    assert folders == set(MAY_IMPORT)
    assert {name for name in modules() if "." not in name} - folders == FACES


def test_folders_import_only_what_they_may() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, others in arrows().items()
        for other in others
        if room(name) != room(other)
        and room(other) not in MAY_IMPORT.get(room(name), EVERYTHING)
        and MAY_IMPORT.get(room(name), EVERYTHING) != EVERYTHING
    ]
    assert wrong == []


def test_the_handbook_says_of_the_folders_what_they_say_of_themselves() -> None:
    handbook = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| (.+) \| (.+) \|$", handbook, re.MULTILINE)
    said = {folder: told for folder, *told in rows if folder in MAY_IMPORT}
    true = {}
    for folder, others in MAY_IMPORT.items():
        sentence = (importlib.import_module(f"grader.{folder}").__doc__ or "").splitlines()[0]
        order = [name for name in MAY_IMPORT if name in others]
        free = "whatever it needs" if others == EVERYTHING else "–"
        true[folder] = [sentence, ", ".join(order) or free]
    assert said == true


def test_nothing_imports_a_face() -> None:
    outer = FACES | {"commands"}
    assert [
        f"{name} imports {other}"
        for name, others in arrows().items()
        for other in others
        if room(other) in outer and room(name) not in outer
    ] == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {name: others & set(modules()) for name, others in arrows().items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_engine_knows_no_kata_by_name() -> None:
    from grader.kata.kata import all_katas

    slugs = {k.slug for k in all_katas()} | {k.entry.name for k in all_katas()}
    # The first kata is the example in two help texts; and configurations have an attribute `flash`.
    configurations = "worker/construction.py"
    for name, file in modules().items():
        allowed = {"sdpa", "flash"} if str(file).endswith(configurations) else {"sdpa"}
        strings = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not (strings & (slugs - allowed)), name


def test_rooms_stay_small() -> None:
    large = {n: len(f.read_text().splitlines()) for n, f in modules().items()}
    assert {n: lines for n, lines in large.items() if lines > 400} == {}
