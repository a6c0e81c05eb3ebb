"""What calls cost, as a reply tells it: operations, the largest storages, and what lived at once.

It is the candidate's word, so it can get a submission refused and never accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.exchange.answer import MAX_LINES
from grader.report.verdict import CandidateFrame, Fault, Verdict
from grader.worker.storages import STAGES
from grader.worker.wire import Message

MOST = 2**62
"""No storage is larger, whatever a reply says."""


@dataclass(frozen=True)
class Storage:
    """One tensor's storage, and the submission's own line that made it."""

    elements: int = 0
    bytes: int = 0
    frame: CandidateFrame | None = None


@dataclass(frozen=True)
class Cost:
    """What the calls of one request took."""

    operations: int
    """Torch's own, one for each call that reaches a kernel or makes a view."""
    peak: int
    """Bytes that lived at one time, inputs and parameters apart."""
    largest: Mapping[str, Storage] = field(default_factory=dict)
    """The largest storage made for the scores, up to the weights, and for the context after."""

    @property
    def elements(self) -> int:
        """Those of the largest storage of all: a wider dtype makes it no larger."""
        return max((storage.elements for storage in self.largest.values()), default=0)


def cost_of(reply: Message) -> Cost:
    """The cost in a reply to a request that asked for it; a Fault where it has not its form."""
    try:
        said = reply["memory"]
        largest = {s: _storage(said["largest"][s]) for s in STAGES if s in said["largest"]}
        return Cost(_count(said["operations"]), _count(said["peak"]), largest)
    except (KeyError, TypeError, ValueError):
        raise Fault(Verdict.RUNTIME_ERROR, "the answer is malformed (memory)") from None


def _storage(said: Message) -> Storage:
    line = None
    frame = said["frame"]
    if frame is not None and 0 < int(frame["line"]) < MAX_LINES:
        line = CandidateFrame(int(frame["line"]), str(frame["function"]), str(frame["text"]))
    return Storage(_count(said["elements"]), _count(said["bytes"]), line)


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < MOST:
        raise ValueError(value)
    return value
