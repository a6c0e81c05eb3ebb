"""What a round is made of: events, in the order they were recorded.

Kinds, and what their data holds (`stage` is the index of a stage, `item` of a question in it):

| kind | by | data |
|---|---|---|
| begun | candidate | seed, folder, questions (by stage) |
| stage | candidate | stage, why: begin, next, time, host |
| answer | candidate | stage, item, text, cut (by the clock) |
| score | either | stage, item, score 1 to 4 |
| later | candidate | stage, item: scored at the close |
| predicted | candidate | stage, item, text, choice (or null) |
| seen | candidate | stage, item, happened, said, failed |
| marked | candidate | stage, item, right |
| grade | candidate | stage, kata, and what `verdicts.summary` keeps of a report |
| ungraded | candidate | stage, kata, message: there was nothing to grade |
| hint | candidate | stage, kata, rung |
| said, note | either | stage, text |
| draft | candidate | stage, item, text typed but not sent |
| overrun | either | stage: its box may be, or was, overrun |
| overtime | candidate | stage: its box ended and it went on |
| rating | either | dimension, score |
| done | candidate | nothing more to say at the close |
| paused, resumed | candidate | why |
| joined, left | host | owner: the process |
| next | host | stage, item the candidate is moved on from |
| ended | either | |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CANDIDATE, HOST = "candidate", "host"


@dataclass(frozen=True)
class Event:
    """One thing that happened, and when on the round's own clock."""

    seq: int
    at: float
    """Seconds since 1970, for people; nothing is measured with it."""
    elapsed: float
    """Seconds the round had been running."""
    actor: str
    kind: str
    data: Mapping[str, Any]
