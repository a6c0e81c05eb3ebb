"""Notice that a file was saved, however the editor does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from grader.practice.workspace import stamp

SETTLED_MS = 25
"""Milliseconds without a further change after which a save is taken to be complete."""
POLL_MS = 300
LOOK_MS = 500
"""How often the file is looked at, though no change was reported."""
GONE_SECONDS = 0.5
"""How often the file is looked for where nothing can be watched."""


class Eye:
    """Calls back whenever something happens to a file: a write, a replacement, a deletion.

    The folder is watched, since most editors put a new file into the old one's place. `poll` looks
    at intervals instead, for drives that report no changes (network, some containers).
    """

    def __init__(self, file: Path, seen: Callable[[], None], *, poll: bool = False) -> None:
        self.file = file
        self.seen = seen
        self.poll = poll
        self._known = stamp(file)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="eye", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no longer."""
        self._stop.set()
        self._thread.join(2)

    def _watch(self) -> None:
        from watchfiles import watch

        while not self._stop.is_set():
            try:
                folders = self._folders()
                for _ in watch(
                    *folders,
                    watch_filter=None,
                    step=SETTLED_MS,
                    debounce=8 * SETTLED_MS,
                    stop_event=self._stop,
                    rust_timeout=LOOK_MS,
                    yield_on_timeout=True,
                    force_polling=self.poll or None,
                    poll_delay_ms=POLL_MS,
                    recursive=False,
                    raise_interrupt=False,
                ):
                    self._look()
                    if self._folders() != folders or not all(f.is_dir() for f in folders):
                        break
            except (OSError, RuntimeError):
                # The folder is gone, or a link leads in a circle: see whether that changes.
                self._stop.wait(GONE_SECONDS)
            self._look()

    def _folders(self) -> set[Path]:
        """Where the file is, and where it leads to if it is a link."""
        return {self.file.absolute().parent, self.file.resolve().parent}

    def _look(self) -> None:
        """Call back if the file is not what it was: a change may be missed, or be another's."""
        there = stamp(self.file)
        if there != self._known:
            self._known = there
            self.seen()
