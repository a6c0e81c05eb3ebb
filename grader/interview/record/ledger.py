"""The record of the round that runs here, kept also while its database is busy, full or gone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from grader.interview.flow.flow import Flow
from grader.interview.record import log, owner
from grader.interview.round.event import CANDIDATE, HOST, Event
from grader.interview.say import BAD, DIM, WARN, Say
from grader.practice.store import Store, Unavailable


class Ledger:
    """Puts events on record and takes over what others put there; the flow follows both.

    What cannot be recorded now is kept and tried again; meanwhile the round goes on with it.
    """

    def __init__(
        self, store: Store, entry: log.Entry, flow: Flow, say: Callable[[Say], None]
    ) -> None:
        self.store = store
        self.entry = entry
        self.flow = flow
        self.say = say
        self._recorded = list(flow.events)
        self._unsaved: list[tuple[str, Mapping[str, Any], float]] = []
        self._ahead = 0
        """How many of those that are not on record the flow knows already."""
        self._known: set[int] = set()
        self._heard: list[Event] = []

    @property
    def _last(self) -> int:
        """The number of the last event that is known to be on record."""
        return self._recorded[-1].seq if self._recorded else 0

    def put(self, kind: str, data: Mapping[str, Any], elapsed: float) -> None:
        """Record an event of the candidate's side."""
        self._unsaved.append((kind, data, elapsed))
        try:
            self._flush()
        except Unavailable as error:
            if not self._ahead:
                self.say(Say(f"This is not on record yet: {error}", BAD))
            kind, data, elapsed = self._unsaved[-1]
            self.flow.apply(Event(0, 0.0, elapsed, CANDIDATE, kind, data))
            self._ahead += 1

    def heard(self) -> Iterator[Event]:
        """What the interviewer did since the last time."""
        with contextlib.suppress(Unavailable):
            self._pull()
        while self._heard:
            yield self._heard.pop(0)

    def beat(self, elapsed: float) -> None:
        """Record how far the clock is, and notice an interviewer's process that is gone."""
        with contextlib.suppress(Unavailable):  # said as soon as there is an event to lose
            self._flush()
            try:
                log.beat(self.store, self.entry.id, elapsed)
            except log.Lost:
                self._restore()
        host = owner.unpack(self.flow.state.host)
        if host is not None and not host.alive:
            self.put("left", {}, elapsed)
            self._heard.append(self.flow.events[-1])

    def close(self) -> None:
        """Record what is left, and let the round be run by others; raises Unavailable."""
        self._flush()
        log.release(self.store, self.entry.id)

    def _flush(self) -> None:
        while self._unsaved:
            event = self._append(*self._unsaved[0])
            self._unsaved.pop(0)
            if self._ahead:
                self._ahead -= 1
                self._known.add(event.seq)
                if not self._ahead:
                    self.say(Say("Everything is on record again.", DIM))
        self._pull()

    def _append(self, kind: str, data: Mapping[str, Any], elapsed: float) -> Event:
        put = partial(log.append, self.store, elapsed=elapsed, after=self._last)
        try:
            return put(self.entry.id, CANDIDATE, kind, data)
        except log.Lost:
            self._restore()
        return put(self.entry.id, CANDIDATE, kind, data)

    def _restore(self) -> None:
        """Put the round back on record, after its database was lost."""
        number = log.restore(self.store, self.entry, self._recorded)
        self.entry = replace(self.entry, id=number)
        self.flow.number = number
        said = f"The record of this round was lost, and is written anew: it is round {number}."
        self.say(Say(said, WARN))

    def _pull(self) -> None:
        """Take over what is new in the record, in its order."""
        for event in log.events(self.store, self.entry.id, self._last):
            self._recorded.append(event)
            if event.seq in self._known:
                continue
            self.flow.apply(event)
            if event.actor == HOST:
                self._heard.append(event)
