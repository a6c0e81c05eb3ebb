"""A round as data: its stages, and the time each of them may take."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One stage of a round, and the time it may take."""

    kind: str
    title: str
    minutes: float
    prompt: str = ""
    look_for: tuple[str, ...] = ()
    answer: str = ""
    overrun: bool = False
    kata: str = ""
    experiments: tuple[str, ...] = ()
    count: int = 0
    katas: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Its time box."""
        return self.minutes * 60

    @property
    def warns(self) -> float:
        """Seconds before its end at which the clock warns: a minute, or a fifth of a short box."""
        return min(60.0, self.seconds / 5)


@dataclass(frozen=True)
class Round:
    """A whole round."""

    name: str
    title: str
    level: str
    minutes: float
    stages: tuple[Stage, ...]

    @property
    def seconds(self) -> float:
        """What it may take."""
        return self.minutes * 60

    @property
    def katas(self) -> tuple[str, ...]:
        """The katas that are written in it, in order."""
        return tuple(dict.fromkeys(s.kata for s in self.stages if s.kind == "code"))

    def pack(self) -> str:
        """The round as one line of JSON, to be kept with its events."""
        return json.dumps(asdict(self), separators=(",", ":"))


def unpack(text: str) -> Round:
    """The round that was kept; what this version does not know is left out."""
    table = json.loads(text)
    known = {f.name for f in fields(Stage)}
    stages = tuple(_stage({k: v for k, v in s.items() if k in known}) for s in table["stages"])
    return Round(table["name"], table["title"], table["level"], table["minutes"], stages)


def _stage(table: dict[str, Any]) -> Stage:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return Stage(**values)
