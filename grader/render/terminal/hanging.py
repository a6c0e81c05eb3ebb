"""Lines that end between words, however narrow the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

NARROW, STEP = 60, 4
"""Below so many columns nothing hangs deeper than the step."""


@dataclass(frozen=True)
class Hanging:
    """A text whose further lines stand below its first; only a word that fits no line is cut."""

    text: Text
    indent: int = 2
    outdent: int = 0
    """Columns by which the first line stands out to the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = options.max_width
        indent = self.indent if width >= NARROW else min(self.indent, STEP)
        first = max(0, self.indent - self.outdent)
        for number, (start, end) in enumerate(_lines(self.text.plain, width, first, indent)):
            yield Text.assemble(" " * (indent if number else first), self.text[start:end])


def _lines(text: str, width: int, first: int, indent: int) -> Iterator[tuple[int, int]]:
    """Where the lines of a text begin and end."""
    start = end = 0
    room = max(10, width - first)
    for word in re.finditer(r"\S+", text):
        if cell_len(text[start : word.end()]) > room and end > start:
            yield start, end
            start, room = word.start(), max(10, width - indent)
        end = word.end()
        while cell_len(text[start:end]) > room:
            yield start, start + room
            start, room = start + room, max(10, width - indent)
    yield start, end
