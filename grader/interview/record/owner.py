"""Which process runs a round, so that a second terminal neither takes it over nor waits in vain."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from grader.practice.clock import now

START_FIELD = 21 - 2
"""Where a process's start stands in /proc/PID/stat, after its name and the field before it."""


@dataclass(frozen=True)
class Owner:
    """A process that no other one can be mistaken for: ids are used again, starts are not."""

    pid: int
    started: str
    boot: str

    def pack(self) -> str:
        """The owner as text."""
        return json.dumps(asdict(self))

    @property
    def alive(self) -> bool:
        """Whether that process still runs."""
        if self.boot != now().boot or self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it runs, and belongs to somebody else
            pass
        return self.started == _started(self.pid)


def myself() -> Owner:
    """This process."""
    return Owner(os.getpid(), _started(os.getpid()), now().boot)


def unpack(text: str) -> Owner | None:
    """The owner that was kept, if there was one."""
    try:
        table = json.loads(text)
        return Owner(int(table["pid"]), str(table["started"]), str(table["boot"]))
    except (ValueError, TypeError, KeyError):
        return None


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty where the platform does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # a name may hold spaces and brackets of its own
    if fields[0] in "ZX":
        return "gone"
    return fields[START_FIELD]
