"""Words on their way to a screen: what they are, not how they look there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from grader.report.words import printable

PLAIN, TITLE, DIM, GOOD, BAD, WARN, QUOTE = "", "title", "dim", "good", "bad", "warn", "quote"


@dataclass(frozen=True)
class Say:
    """A paragraph, or several lines that belong together."""

    text: str = ""
    style: str = PLAIN
    indent: int = 0

    def wrapped(self, columns: int) -> Iterator[str]:
        """Its lines, none of them wider than the screen, and none that moves a cursor."""
        margin = " " * min(self.indent, max(0, columns // 4))
        for line in self.text.split("\n"):
            safe = printable(line.expandtabs(4)).rstrip()
            inner = safe.lstrip(" ")
            lead = margin + " " * min(len(safe) - len(inner), max(0, columns // 2))
            if len(lead) + len(inner) <= columns:
                yield (lead + inner).rstrip()
            else:
                yield from textwrap.wrap(
                    inner, max(columns, len(lead) + 8), initial_indent=lead,
                    subsequent_indent=lead, break_on_hyphens=False,
                ) or [""]  # fmt: skip
