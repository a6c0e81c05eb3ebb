"""Make forking cheap: gather this process's memory into huge pages before it is forked from.

A fork copies page tables and its end tears them down again. With 127 MB of torch in 4 KiB pages
that is 5.6 ms a worker; in 2 MiB pages it is 2.2 ms. Gathering takes 0.3 s, so it is done page by
page in idle moments. Where the kernel cannot (before Linux 6.1, other systems) nothing changes but
the speed.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

MADV_COLLAPSE = 25
HUGE = 2 * 1024 * 1024


def gather() -> Iterator[None]:
    """Collapse the private writable mappings, one huge page for each step."""
    if sys.platform != "linux":
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        begin, end = (int(part, 16) for part in span.split("-"))
        first = -(-begin // HUGE) * HUGE
        for page in range(first, end - HUGE + 1, HUGE) if permissions == "rw-p" else ():
            madvise(page, HUGE, MADV_COLLAPSE)
            yield
