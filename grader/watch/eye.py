"""Notice that a file was saved, however the editor does it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

SETTLED_MS = 25
"""Milliseconds without a further change after which a save is taken to be complete."""
POLL_MS = 300
GONE_SECONDS = 0.5
"""How often a folder that was deleted is looked for."""


class Eye:
    """Calls back whenever something happens to a file: a write, a replacement, a deletion.

    The folder is watched, since most editors put a new file into the old one's place. `poll` looks
    at intervals instead, for drives that report no changes (network, some containers).
    """

    def __init__(self, file: Path, seen: Callable[[], None], *, poll: bool = False) -> None:
        self.file = file
        self.seen = seen
        self.poll = poll
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
            folders = {self.file.absolute().parent, self.file.resolve().parent}
            try:
                for changes in watch(
                    *folders,
                    watch_filter=None,
                    step=SETTLED_MS,
                    debounce=8 * SETTLED_MS,
                    stop_event=self._stop,
                    rust_timeout=500,
                    force_polling=self.poll or None,
                    poll_delay_ms=POLL_MS,
                    recursive=False,
                    raise_interrupt=False,
                ):
                    if self._concerned(changes):
                        self.seen()
                    if not all(folder.is_dir() for folder in folders):
                        break
            except (OSError, RuntimeError):
                pass  # the folder is gone: see whether it comes back
            self._await_folder()

    def _concerned(self, changes: Iterable[tuple[object, str]]) -> bool:
        names = {self.file.name, self.file.resolve().name}
        return any(Path(path).name in names for _, path in changes)

    def _await_folder(self) -> None:
        while not self._stop.is_set() and not self.file.parent.is_dir():
            time.sleep(GONE_SECONDS)
        if not self._stop.is_set():
            self.seen()
