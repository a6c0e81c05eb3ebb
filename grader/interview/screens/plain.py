"""A round as plain lines: no terminal, a dumb one, or a script that writes the answers."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence

from grader.interview.say import Say
from grader.interview.screens.screen import Part
from grader.report.words import printable

WAIT_SECONDS = 0.2
"""How long to wait for input before looking at the clock."""

INTERRUPTED = 130
LONGEST = 1 << 16
"""Bytes of a line; what is longer is cut into several."""


class Plain:
    """Reads lines from a descriptor and prints lines; the clock stands in the prompt."""

    def __init__(self, part: Part, source: int = 0) -> None:
        self.part = part
        self.source = source
        self.interactive = os.isatty(source)
        self.columns = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
        self._begun = b""
        self._lines: list[str] = []
        self._ended = False
        self._prompted = False
        self._editor: subprocess.Popen[bytes] | None = None

    # --- what the part does to it -------------------------------------------------------------

    def say(self, words: Say) -> None:
        """Print something, on lines of its own."""
        if self._prompted:
            self._print("\n")
        self._prompted = False
        for line in words.wrapped(self.columns):
            self._print(line + "\n")

    def type(self, text: str) -> None:
        """Nothing can be put into a line here, so it is shown; continued lines are forgotten."""
        if text:
            self.say(Say(f"You had begun to type:\n{text}"))
        self._lines.clear()

    def edit(self, command: Sequence[str]) -> None:
        """Lend the terminal to an editor."""
        try:
            self._editor = subprocess.Popen(command)
        except OSError as error:
            self.say(Say(f"{command[0]} cannot be started: {error.strerror}"))

    # --- what it does -------------------------------------------------------------------------

    def run(self) -> int:
        """Until the round is over, or the input ends; returns the exit status."""
        try:
            self.part.open(self)
            while self.part.status is None:
                self.part.pump(self._typed())
                if self.part.status is None and self._listens():
                    self._prompt()
                    self._read()
        except KeyboardInterrupt:
            self.part.stop("interrupted", self._typed())
        return INTERRUPTED if self.part.status is None else self.part.status

    def _typed(self) -> str:
        return "\n".join(self._lines)

    def _listens(self) -> bool:
        """Not while an editor has the terminal; nor while the judge works, so that a script's
        next line meets its verdict."""
        if self._editor is not None and self._editor.poll() is not None:
            self._editor = None
        if self._editor is None and not self.part.busy:
            return True
        select.select([], [], [], WAIT_SECONDS / 4)
        return False

    def _prompt(self) -> None:
        if self._prompted:
            return
        dial = self.part.dial()
        self._print(f"[{dial.short}] > " if dial else "> ")
        self._prompted = True

    def _read(self) -> None:
        if b"\n" not in self._begun and not self._ended and len(self._begun) < LONGEST:
            ready, _, _ = select.select([self.source], [], [], WAIT_SECONDS)
            if not ready:
                return
            data = os.read(self.source, 65536)
            self._ended = not data
            self._begun += data
        line, newline, rest = self._begun.partition(b"\n")
        if len(line) >= LONGEST:
            line, newline, rest = line[:LONGEST], b"\n", self._begun[LONGEST:]
        if not newline and not self._ended:
            return
        self._begun = rest
        if newline or line:
            self._line(line.decode("utf-8", "replace").rstrip("\r"))
        elif self._ended:
            self.part.stop("end of input", self._typed())

    def _line(self, text: str) -> None:
        if not self.interactive:
            self._print(printable(text) + "\n")
        self._prompted = False
        if text.endswith("\\"):
            self._lines.append(text[:-1])
            return
        whole = "\n".join([*self._lines, text])
        self._lines.clear()
        self.part.line(whole)

    def _print(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone; the record is what counts
            sys.stdout.write(text)
            sys.stdout.flush()


def run(part: Part) -> int:
    """Play a part in plain lines."""
    return Plain(part).run()
