"""The hints of a kata: a ladder from a nudge to nearly code."""

from __future__ import annotations

import re

from grader.kata.kata import Kata


def rungs(kata: Kata) -> list[str]:
    """The hints of a kata, from a nudge to nearly code."""
    parts = re.split(r"^## ", kata.text("hints.md"), flags=re.MULTILINE)
    return [part.strip() for part in parts[1:]]
