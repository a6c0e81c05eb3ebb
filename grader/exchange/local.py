"""The project's own code in the judge: the solution of a kata, and edits of it.

Unlike a submission it is trusted, so it runs in this process; by the very program that workers run,
on messages that went through the same encoding, so that a comparison compares like with like.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from torch import Tensor

from grader.exchange.answer import Answer, read
from grader.exchange.layout import Layout
from grader.exchange.learning import Truth, learn_layout
from grader.exchange.request import Request
from grader.kata.kata import Kata
from grader.report.verdict import Fault, Verdict
from grader.worker.entry import Loaded, NoEntryPoint, load
from grader.worker.execution import brief
from grader.worker.program import answer
from grader.worker.recorder import Recorder
from grader.worker.wire import Message, pack, unpack_frame


@dataclass
class Variant:
    """A solution, edited or not, ready to answer requests in this process."""

    kata: Kata
    loaded: Loaded
    layout: Layout
    last_reply: Message = field(default_factory=dict)

    def answers(self, request: Request) -> tuple[Answer, ...]:
        """Its answers to what a worker holding this code would be asked; or a Fault."""
        return read(self.run(request.encode(self.layout)), request, self.layout)

    def directly(self, request: Request) -> tuple[Answer, ...]:
        """Its answers without packing and recording, which cost more than a small request."""
        message = request.encode(self.layout)
        for call in message["calls"]:  # a variant may write into what it is given
            given = call["arguments"].items()
            call["arguments"] = {n: v.clone() if isinstance(v, Tensor) else v for n, v in given}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.last_reply = answer(self.loaded, message)
        return read(self.last_reply, request, self.layout)

    def run(self, message: Message) -> Message:
        """Run an encoded request here, as a worker would run it there."""
        return self.run_frame(pack(message))

    def run_frame(self, frame: bytes) -> Message:
        """Run a packed request."""
        self.last_reply = _local(self.loaded, frame, self.kata.banned)
        return self.last_reply


def _local(loaded: Loaded, frame: bytes, banned: Sequence[str] = ()) -> Message:
    message = unpack_frame(frame)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answer(loaded, message, _recorder(tuple(banned)))


@cache
def _recorder(banned: tuple[str, ...]) -> Recorder:
    """One for each list: looking up what is banned costs more than a request."""
    return Recorder(banned)


def load_variant(
    kata: Kata, text: str, layout: Layout | None = None, truth: Truth | None = None
) -> Variant:
    """Load edited solution text, with a layout it is known to have or with its own.

    truth: the solution's answers, for code whose names leave several layouts.
    Raises Fault where it cannot be built, Unmatched where its weights fit no role.
    """
    loaded = _loaded(kata, text)
    if layout is None:
        layout = learn_layout(kata, lambda m: _local(loaded, pack(m)), truth)
    return Variant(kata, loaded, layout)


def _loaded(kata: Kata, text: str) -> Loaded:
    try:
        return load(text, kata.entry)
    except NoEntryPoint as reason:
        raise Fault(Verdict.INVALID_SUBMISSION, str(reason)) from reason
    except BaseException as error:  # whatever a text does when it is executed
        said = f"cannot be imported: {brief(error)}"
        raise Fault(Verdict.INVALID_SUBMISSION, said) from error


class LazySolution:
    """The unedited solution, loaded when it is first needed; it answers each request once."""

    def __init__(self, kata: Kata, text: str) -> None:
        self.kata = kata
        self.text = text
        self._known: dict[int, tuple[Request, Sequence[Answer]]] = {}
        self.one = threading.Lock()
        """Held while it answers: its random numbers and warnings are the whole process's."""

    @cached_property
    def variant(self) -> Variant:
        """The solution as a variant without edits."""
        return load_variant(self.kata, self.text)

    def answers(self, request: Request) -> Sequence[Answer]:
        """Its answers to a request, which is kept so that its identity stays its own."""
        with self.one:
            if id(request) not in self._known:
                self._known[id(request)] = (request, self.variant.answers(request))
            return self._known[id(request)][1]
