"""What is to be seen: plain data for a screen, or for paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType

KEYS = (
    ("r", "run"), ("h", "hint"), ("e", "explain"), ("s", "solution"), ("n", "next kata"),
    ("q", "quit"),
)  # fmt: skip


@dataclass(frozen=True)
class View:
    """A whole screen."""

    title: str
    """What is practised."""
    facts: str
    """Time, attempts, hints."""
    bodies: Sequence[RenderableType]
    """The same content at several lengths, the longest first: the first that fits is shown."""
    status: str = ""
    """What is going on."""
    question: str = ""
    """A question that waits for a key, in the place of the keys."""
