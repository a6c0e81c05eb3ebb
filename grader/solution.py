"""The project's own code in the judge: the solution of a kata, and edits of it.

Unlike a submission it is trusted, so it runs in this process; by the very program that workers run,
on messages that went through the same encoding, so that a comparison compares like with like.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from grader.candidate import probe_request, role_shapes
from grader.exchange import Answer, Request, fault_of, read
from grader.kata import Kata
from grader.weights import Layout, match
from grader.wire import PREFIX, Message, pack, unpack
from grader.worker.entry import Loaded, execute, resolve
from grader.worker.program import answer
from grader.worker.recorder import Recorder


@dataclass(frozen=True)
class Variant:
    """A solution, edited or not, ready to answer requests in this process."""

    kata: Kata
    loaded: Loaded
    layout: Layout

    def reply(self, request: Request) -> Message:
        """What a worker holding this code would reply."""
        return self.run(request.encode(self.layout))

    def run(self, message: Message) -> Message:
        """Run an encoded request here, as a worker would run it there."""
        return _local(self.loaded, message, self.kata.banned)

    def answers(self, request: Request) -> tuple[Answer, ...]:
        """Its answers; raises Fault where it has none."""
        return read(self.reply(request), request, self.layout)


def _local(loaded: Loaded, message: Message, banned: Sequence[str] = ()) -> Message:
    frame = pack(message)
    header_size, _ = PREFIX.unpack(frame[: PREFIX.size])
    body = frame[PREFIX.size :]
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answer(
            loaded, unpack(body[:header_size], body[header_size:]), _recorder(tuple(banned))
        )


@cache
def _recorder(banned: tuple[str, ...]) -> Recorder:
    """One for each list: looking up what is banned costs more than a request."""
    return Recorder(banned)


def load_variant(kata: Kata, text: str) -> Variant:
    """Load edited solution text; raises Fault where it cannot be built or its weights matched."""
    loaded = resolve(execute(text), kata.entry)
    return Variant(kata, loaded, learn_layout(kata, lambda m: _local(loaded, m)))


def learn_layout(kata: Kata, run: Callable[[Message], Message]) -> Layout:
    """Build a submission once, for its parameters' names and shapes, and match them to roles.

    Raises Fault where it cannot be built, Unmatched where some role has no weight.
    """
    if not kata.roles:
        return Layout()
    request = probe_request(kata)
    reply = run({**request.encode(Layout()), "inspect": True})
    if reply.get("error"):
        raise fault_of(reply["error"], request)
    state = [(str(p["name"]), tuple(map(int, p["shape"]))) for p in reply["state"]]
    return match(state, role_shapes(kata, kata.entry.probe), kata.fused)


class LazySolution:
    """The unedited solution, loaded when it is first needed; it answers each request once."""

    def __init__(self, kata: Kata, text: str) -> None:
        self.kata = kata
        self.text = text
        self._known: dict[int, tuple[Request, Sequence[Answer]]] = {}

    @cached_property
    def variant(self) -> Variant:
        """The solution as a variant without edits."""
        return load_variant(self.kata, self.text)

    def answers(self, request: Request) -> Sequence[Answer]:
        """Its answers to a request, which is kept so that its identity stays its own."""
        if id(request) not in self._known:
            self._known[id(request)] = (request, self.variant.answers(request))
        return self._known[id(request)][1]
