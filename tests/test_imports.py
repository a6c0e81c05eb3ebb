"""Imports run one way, and what does not grade does not import torch."""

from __future__ import annotations

import ast
from pathlib import Path

import grader

ROOT = Path(grader.__file__).parent
LAYERS = (
    {"verdict", "paths", "isolation", "clock", "schema", "salvage"},
    {"worker.pages", "worker.meta"},
    {"wire", "kata", "store", "submission", "weights", "tolerance", "draw", "archive"},
    {"experiment"},
    {"pitfalls", "workspace", "worker", "worker.binding", "worker.entry", "worker.recorder"},
    {"practice", "standing"},
    {"schedule"},
    {"history", "coach"},
    {"tally", "agenda"},
    {"worker.program", "exchange"},
    {"worker.child"},
    {"worker.server"},
    {"pool", "candidate"},
    {"workshop"},
    {"spawner", "launch", "desk", "solution", "bank", "bank.truth", "bank.claims", "bank.dropout"},
    {"suspect"},
    {"judge", "race", "xray", "diagnosis", "specimen", "trials"},
    {"gauntlet", "session", "grading"},
    {"laboratory", "filing"},
    {"verify", "scaffold", "service"},
    {"remote"},
    {"render", "render.words", "render.matrix", "render.code"},
    {"render.heatmap", "render.text", "render.document", "render.pitfall"},
    {"render.progress", "render.verification", "render.help", "render.status"},
    {"interview", "interview.event", "interview.plan", "interview.rubric", "interview.choices"},
    {"interview.owner", "interview.stopwatch", "interview.editor", "interview.watching"},
    {"interview.rounds", "interview.progress", "interview.say", "interview.moves"},
    {"interview.questions", "interview.position", "interview.marks", "interview.dial"},
    {"interview.scorecard", "interview.verdicts", "interview.stage", "interview.scenes"},
    {"interview.log", "interview.flow", "interview.commentary", "interview.bench"},
    {"interview.conductor", "interview.ledger", "render.scorecard"},
    {"interview.driver", "interview.host", "interview.plain", "interview.terminal"},
    {"render.view", "render.charts", "render.page"},
    {"watch", "watch.events", "watch.keys", "watch.eye", "watch.view"},
    {"watch.marker", "watch.pages", "watch.screen"},
    {"watch.loop"},
    {"commands", "commands.common"},
    {"commands.katas", "commands.grade", "commands.help", "commands.record", "commands.author"},
    {"commands.watch", "commands.interview"},
    {"commands.report", "notebook"},
    {"cli"},
    {"__main__"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


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


def test_every_module_has_its_place() -> None:
    assert set(modules()) == set(RANK)


def test_imports_run_one_way() -> None:
    upward = [
        f"{name} imports {other}"
        for name, file in modules().items()
        for other in imported(file)
        if RANK[other] > RANK[name]
    ]
    assert upward == []


def test_the_engine_knows_no_kata_by_name() -> None:
    from grader.kata import all_katas

    slugs = {k.slug for k in all_katas()} | {k.entry.name for k in all_katas()}
    allowed = {"sdpa"}  # the first kata is the example in two help texts
    for name, file in modules().items():
        strings = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not (strings & (slugs - allowed)), name


def test_rooms_stay_small() -> None:
    large = {n: len(f.read_text().splitlines()) for n, f in modules().items()}
    assert {n: lines for n, lines in large.items() if lines > 320} == {}
