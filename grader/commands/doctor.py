"""`kata doctor`: what this machine offers a judge, what is limited, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from grader.commands.common import ACCEPTED, NOT_ACCEPTED, leave, sandbox_option, say

LEAST = (3, 11)
NAMES = 12
"""Columns for what was looked at."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    found: str
    remedy: str = ""
    """What to do where it is less than it could be."""
    needed: bool = False
    """Whether nothing can be graded as it is."""


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@sandbox_option
def doctor(form: str) -> None:
    """Say what this machine offers, and what to do where that is little."""
    findings = [*_without_torch(), *_with_torch()]
    if form == "json":
        say(json.dumps({"schema": 1, "findings": [asdict(f) for f in findings]}, indent=1))
    else:
        say("\n".join(_line(finding) for finding in findings))
    leave(NOT_ACCEPTED if any(f.needed for f in findings) else ACCEPTED)


def _line(finding: Finding) -> str:
    sign = "✗" if finding.needed else "!" if finding.remedy else "✓"
    said = f"{sign} {finding.name:<{NAMES}} {finding.found}"
    return f"{said}\n  {'':<{NAMES}} {finding.remedy}" if finding.remedy else said


def _without_torch() -> Iterator[Finding]:
    version = platform.python_version()
    old = sys.version_info < LEAST
    wanted = "kata needs Python 3.11 or later" if old else ""
    yield Finding("python", f"{version} on {platform.system()}", wanted, needed=old)
    terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    size = shutil.get_terminal_size()
    shown = f"{size.columns}×{size.lines}" if terminal else "none: plain lines are printed"
    yield Finding("terminal", shown)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    set_one = "" if editor else "an interview opens your editor where $EDITOR names it"
    yield Finding("editor", editor or "none is set", set_one)


def _with_torch() -> Iterator[Finding]:
    if find_spec("torch") is None:
        remedy = "`pip install torch` in the environment of kata"
        yield Finding("torch", "not installed", remedy, needed=True)
        return
    from grader.judge.session import start_server

    server = start_server()
    try:
        import torch

        yield Finding("torch", torch.__version__)
        devices = [name for name in ("cuda", "mps") if getattr(torch, name).is_available()]
        yield Finding("devices", ", ".join(["cpu", *devices]))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        few = "" if (cores or 1) > 1 else "a grade takes longer: it computes on two at once"
        yield Finding("processors", f"{cores}", few)
        kept = Path("/proc/self/schedstat").exists()
        wall = "" if kept else "times are the wall clock's: close what else is running"
        yield Finding("clock", "the worker's own" if kept else "the wall's", wall)
        why = f"not more because {server.why}" if server.why else ""
        yield Finding("sandbox", server.level, why)
    finally:
        server.close()
