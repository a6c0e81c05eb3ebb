"""A real terminal for tests: a tmux window, whose screen is what a person would see."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest


class Terminal:
    """A program in a tmux window: what it shows is what a person would see."""

    def __init__(self, folder: Path, command: str, columns: int = 100, rows: int = 40) -> None:
        self.folder = folder
        self.socket = str(folder / "tmux")
        (folder / "tmp").mkdir(exist_ok=True)
        environment = {
            "KATA_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"),
            "TERM": "screen-256color",
        }  # fmt: skip
        sets = [part for k, v in environment.items() for part in ("-e", f"{k}={v}")]
        self._tmux("-f", "/dev/null", "new-session", "-d", *sets, "-x", str(columns),
                   "-y", str(rows), "-c", str(folder), command)  # fmt: skip
        self._tmux("set-option", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off")

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    @property
    def screen(self) -> str:
        """What is on it now."""
        return self._tmux("capture-pane", "-p")

    @property
    def lines(self) -> list[str]:
        """What was ever on it, with lines that the terminal had to wrap as the one they were."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-").splitlines()

    def key(self, *names: str) -> None:
        """Press keys."""
        self._tmux("send-keys", *names)

    def until(self, *words: str, seconds: float = 60, gone: bool = False) -> str:
        """Wait until all the words are on the screen, or none is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.screen
            if all((word in shown) != gone for word in words):
                return shown
            time.sleep(0.03)
        pytest.fail(f"{words} {'stays' if gone else 'never came'}:\n{self.screen}")

    @property
    def ended(self) -> bool:
        return self._tmux("list-panes", "-F", "#{pane_dead}").strip() in ("1", "")

    def close(self) -> None:
        """Close the window with everything in it."""
        self._tmux("kill-server")
