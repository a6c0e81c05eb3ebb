"""Notice that a file was saved: its size, time or place changed, and then stood still."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int] | None


class Watch:
    """Looks at one file, as often as it is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = self._pending = self._stamp()

    def _stamp(self) -> Stamp:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def seen(self) -> None:
        """The file as it is now is known."""
        self._known = self._pending = self._stamp()

    @property
    def changed(self) -> bool:
        """Whether it is another one than was known."""
        return self._stamp() not in (None, self._known)

    def saved(self) -> bool:
        """Whether it was saved; an editor in the middle of writing gets until the next look."""
        now = self._stamp()
        if now is None or now == self._known:
            return False
        still, self._pending = now == self._pending, now
        if still:
            self._known = now
        return still
