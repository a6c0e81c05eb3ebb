"""One submission before the judge: loaded, its layout learnt, and handed out to whoever asks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from grader.bank.candidate import Candidate
from grader.bank.draw import Draw
from grader.exchange.answer import Answer
from grader.exchange.layout import Layout
from grader.exchange.learning import learn_layout, plain_calls, raise_what_is_missing
from grader.exchange.local import LazySolution
from grader.exchange.request import Request
from grader.judge.conversation import PATIENCE, Conversation, WorkerPool, load_message
from grader.judge.workers import Server
from grader.kata.kata import Kata
from grader.report.verdict import Fault, Verdict
from grader.worker.execution import WARNING
from grader.worker.wire import Message


@dataclass
class Subject:
    """A submission's text in workers of its own, beside the project's solution."""

    kata: Kata
    text: str
    server: Server
    seed: int
    device: str = "cpu"
    patience: Sequence[float] | None = None
    name: str = ""
    """The entry point as the submission calls it; empty until it is loaded."""
    notes: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    """Optional parameters of the kata that the submission has no place for."""
    layout: Layout = field(default_factory=Layout)
    crash: Fault | None = None
    """What the plainest call ended in, where others may fare otherwise."""

    def __post_init__(self) -> None:
        self.pool = WorkerPool(
            self.server, load_message(self.kata, self.text), self.patience or PATIENCE
        )
        self.solution = LazySolution(self.kata, self.kata.solution.read_text(encoding="utf-8"))

    def enter(self, *, tried: bool = False) -> Fault | None:
        """Load it for the first time, and learn where it keeps its weights.

        tried: make the plainest call as well; returns why no call will be answered, if that shows.
        Raises Fault where it cannot be loaded or built, Unmatched where its weights fit no role.
        """
        conversation = self.conversation()
        try:
            loaded = conversation.open()
            self.name = loaded["name"]
            self.notes, self.lacks = tuple(loaded["notes"]), tuple(loaded["lacks"])
            if loaded["absent"]:  # whether what is missing is needed, a call tells
                raise_what_is_missing(self.kata, conversation.run)
            briefly = partial(_briefly, conversation)
            self.layout = learn_layout(self.kata, briefly, self.solution.answers)
            self.notes += self.layout.notes
            return self._never_answers(conversation) if tried else None
        finally:
            conversation.close()

    @property
    def output(self) -> str:
        """What it printed in all workers; a warning that each of them gave is shown once."""
        shown: set[str] = set()
        kept = []
        for line in self.pool.printed.decode("utf-8", "replace").splitlines(keepends=True):
            if not (line.startswith(WARNING) and line in shown):
                kept.append(line)
            shown.add(line)
        return "".join(kept)

    def conversation(self) -> Conversation:
        """The talk with a worker of this submission's."""
        return Conversation(self.pool)

    def one_worker(self) -> AbstractContextManager[Callable[[str], Candidate]]:
        """One worker for several purposes: gives the submission for each of them, by its name."""
        return self._lent(self.conversation())

    @contextlib.contextmanager
    def _lent(self, conversation: Conversation) -> Iterator[Callable[[str], Candidate]]:
        try:
            yield partial(self._through, conversation)
        finally:
            conversation.close()

    def _through(self, conversation: Conversation, purpose: str) -> Candidate:
        return Candidate(
            self.kata,
            self.layout,
            conversation.run,
            Draw(self.seed, f"{purpose}, weights"),
            self.device,
            self.solution.answers,
            lacks=self.lacks,
        )

    def _never_answers(self, conversation: Conversation) -> Fault | None:
        """Why no call is answered, where the plainest one shows it: it hangs, or uses a name that
        is nowhere defined, or returns no tensor. None where other calls may fare otherwise.

        An exception is none of these, for which it is in which call tells one mistake from another;
        it is kept.
        """
        request = plain_calls(self.kata, torch.Generator().manual_seed(self.seed))
        try:
            candidate = self._through(conversation, "plain calls")
            candidate.run = partial(_briefly, conversation)
            candidate.ask(request)
        except Fault as fault:
            final = fault.evidence.hung or fault.verdict is Verdict.WRONG_ANSWER
            if not fault.evidence.shapes:
                given = request.given(request.calls[0])
                fault.evidence = replace(fault.evidence, shapes=given)
            if final or fault.evidence.undefined:
                return fault
            self.crash = fault
        return None

    def ask(self, request: Request) -> Answer:
        """The answer to a request with one call, from a worker of its own; raises its Fault."""
        return self.all_of(request)[0]

    def all_of(self, request: Request) -> Sequence[Answer]:
        """The answers to a request, from a worker of its own; raises its Fault."""
        with self.one_worker() as candidate_for:
            return candidate_for("experiment").ask(request)

    def right(self, request: Request) -> Tensor:
        """The solution's answer, in the request's own dtype."""
        return self.solution.answers(request)[0].output

    def close(self) -> None:
        """Retire its workers."""
        self.pool.close()


PLAIN = 1.5
"""Seconds of computing that plain calls may take in which nothing is imported; right code takes a
hundredth of that."""


def _briefly(conversation: Conversation, message: Message) -> Message:
    """A worker's reply, if it needs no longer than such calls do."""
    return conversation.run(message | {"within": PLAIN})
