"""The last guard of a diagnosis: a clock, for what no count of evaluations foresees.

What is looked for is bounded by evaluations, so that a name depends on the submission alone. Only
where single evaluations take far longer than they ever should does the clock end the search, and
the report says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

SECONDS = 20.0
"""Of this process' own computing: ten times what the longest search takes."""


def _end() -> float:
    return time.process_time() + SECONDS


@dataclass
class Guard:
    """So much computing and no more."""

    end: float = field(default_factory=_end)
    cut: bool = False
    """Whether it ended something."""

    def over(self) -> bool:
        """Whether no more is to be begun."""
        self.cut = self.cut or time.process_time() > self.end
        return self.cut
