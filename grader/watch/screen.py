"""Draw a view: on a terminal in place, elsewhere line after line."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import textwrap
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.text import Text

from grader.watch.view import KEYS, View

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
FRAME = 4
"""Lines around the body: a title, a blank line above and below, keys."""


class FullScreen:
    """The terminal's other screen: what was there before comes back at the end."""

    def __init__(self) -> None:
        self.offset = 0
        self._hidden = 0
        """Lines of the body that are not on the screen."""

    def enter(self) -> None:
        """Take the terminal over."""
        self._write(ENTER)

    def leave(self) -> None:
        """Give it back, if it is still there."""
        with contextlib.suppress(OSError):
            self._write(LEAVE)

    def scroll(self, lines: int) -> None:
        """Move the body, as far as there is more of it."""
        self.offset = max(0, min(self.offset + lines, self._hidden + self.offset))

    @property
    def height(self) -> int:
        """Lines that are seen at once."""
        return max(1, os.get_terminal_size(sys.stdout.fileno()).lines - FRAME - 1)

    def show(self, view: View) -> None:
        """Draw everything anew, in one write and without a flicker."""
        width, height = os.get_terminal_size(sys.stdout.fileno())
        room = max(1, height - FRAME)
        body = self._fitting(view.bodies, width, room)
        self.offset = min(self.offset, max(0, len(body) - room))
        shown = body[self.offset : self.offset + room]
        self._hidden = len(body) - self.offset - len(shown)
        if self._hidden:
            more = Text(f"… {self._hidden + 1} more lines: ↓", "dim")
            shown = [*shown[:-1], *lines_of(more, width)]
        top = lines_of(_top(view, width), width)[:1]
        bottom = lines_of(_bottom(view, width), width)[:1]
        blank = [""] * (1 + room - len(shown))
        rows = [*top, "", *shown, *blank, *bottom]
        drawn = f"{REST_OF_LINE}\r\n".join(rows[:height])
        self._write(f"{HOME}{drawn}{REST_OF_LINE}{REST_OF_SCREEN}")

    def _fitting(self, bodies: Sequence[RenderableType], width: int, room: int) -> list[str]:
        lines: list[str] = []
        for body in bodies:
            lines = lines_of(body, width)
            if len(lines) <= room:
                break
        return lines

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def lines_of(content: RenderableType, width: int) -> list[str]:
    """What a console would print, line by line."""
    file = io.StringIO()
    colour = "NO_COLOR" not in os.environ
    console = Console(
        file=file, width=width, force_terminal=True, no_color=not colour, highlight=False
    )
    console.print(content)
    return file.getvalue().rstrip("\n").split("\n")


def _top(view: View, width: int) -> Text:
    line = Text.assemble((view.title, "bold"), "  ", (view.facts, "dim"), no_wrap=True)
    if line.cell_len > width:  # a narrow terminal keeps the facts, which change
        line = Text.assemble((view.title.split()[0], "bold"), "  ", (view.facts, "dim"))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _bottom(view: View, width: int) -> Text:
    if view.question:
        line = Text(view.question, "bold yellow")
    else:
        line = Text.assemble((view.status, "cyan"), "   " if view.status else "")
        keys = Text("  ").join(Text.assemble((k, "bold"), f" {word}") for k, word in KEYS)
        if line.cell_len + keys.cell_len > width:
            keys = Text("  ").join(Text(k, "bold") for k, _ in KEYS)
        if line.cell_len + keys.cell_len > width:
            room = max(2, width - keys.cell_len - 2)
            line = Text(textwrap.shorten(view.status, room, placeholder="…"), "cyan")
            line.append("  " if view.status else "")
        line.append_text(keys)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


class Paper:
    """Where nothing can be drawn over: new content is printed once, below the old."""

    def __init__(self) -> None:
        self._last: RenderableType | None = None
        self._question = ""

    def enter(self) -> None:
        """Nothing to take over."""

    def leave(self) -> None:
        """Nothing to give back."""

    @property
    def height(self) -> int:
        """None: all of it stays."""
        return 0

    def scroll(self, lines: int) -> None:
        """Paper is scrolled by its reader."""

    def show(self, view: View) -> None:
        """Print what is new."""
        from grader.render.terminal.text import make_console

        if view.bodies and view.bodies[0] is not self._last:
            self._last = view.bodies[0]
            make_console().print(self._last)
        if view.question and view.question != self._question:
            sys.stdout.write(f"{view.question}\n")
        self._question = view.question
        sys.stdout.flush()
