"""The interviewer's side of a round: follows it in the record, and writes its own part there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from grader.interview.flow import commentary, scenes
from grader.interview.flow.position import position
from grader.interview.flow.progress import Item, State, fold
from grader.interview.record import log, owner
from grader.interview.round.event import HOST, Event
from grader.interview.round.rubric import BY_PERSON, dimension
from grader.interview.say import DIM, TITLE, WARN, Say
from grader.interview.screens.dial import Dial, dial
from grader.interview.screens.screen import Screen
from grader.kata.refused import Refused
from grader.practice.clock import steady
from grader.practice.store import Store, Unavailable

COMMANDS = ("score", "rate", "note", "next", "more", "rubric", "where", "end", "quit", "help")
LEFT = 130
LOOK_SECONDS = 0.25
AHEAD_SECONDS = 3.0
"""How far the clock may run ahead of the candidate's, which is on record every other second."""


class Host:
    """Follows one round, as soon as one runs. See `screen.Part` for what the terminal does."""

    def __init__(self, store: Store, number: int | None = None) -> None:
        self.store = store
        self.number: int | None = None
        self.status: int | None = None
        self.busy = False
        self.events: list[Event] = []
        self.state: State | None = None
        self._entry: log.Entry | None = None
        self._screen: Screen | None = None
        self._wanted = number
        self._looked = self._moved = steady() - LOOK_SECONDS
        self._gone = self._sure = False

    # --- the terminal's side ------------------------------------------------------------------

    def open(self, screen: Screen) -> None:
        """Attach to the round that runs, or wait for one."""
        self._screen = screen
        self._attach()
        if self.number is None:
            self._say(Say("Waiting for a round to begin; in another terminal: kata interview", DIM))

    def line(self, text: str) -> None:
        """The interviewer sent a line."""
        text = text.strip()
        if text.startswith("/"):
            self._command(text[1:])
        elif text:
            self._write("note", {"stage": self._stage(), "text": text})

    def pump(self, typed: str = "") -> None:  # noqa: ARG002 - drafts are not the host's
        """See what the candidate did."""
        if steady() - self._looked < LOOK_SECONDS:
            return
        self._looked = steady()
        try:
            if self.number is None:
                self._attach()
            else:
                self._pull()
        except Unavailable as error:
            self._say(Say(str(error), WARN))

    def stop(self, why: str, typed: str = "") -> None:  # noqa: ARG002 - nobody asks why
        """Leave; the round goes on."""
        if self.status is None:
            if typed.strip() and not typed.startswith("/"):
                self._write("note", {"stage": self._stage(), "text": typed.strip()})
            self.close()
            self.status = LEFT
            if self.number is not None:
                self._say(Say(f"You left. To go on: kata interview --host {self.number}", TITLE))

    def close(self) -> None:
        """Say in the record that nobody follows any more."""
        if self.state is not None and not self.state.ended and self._is_mine(self.state.host):
            self._write("left", {"owner": self.state.host})

    def dial(self) -> Dial | None:
        """The candidate's clock."""
        if self.state is None:
            return None
        return dial(self.state, self._elapsed(), company=not self._gone)

    def words(self) -> Sequence[str]:
        """What can be typed behind a slash."""
        return COMMANDS

    # --- following ----------------------------------------------------------------------------

    def _say(self, *words: Say) -> None:
        assert self._screen is not None
        for one in words:
            self._screen.say(one)

    def _attach(self) -> None:
        entry = self._choose()
        if entry is None:
            return
        self.number, self._entry = entry.id, entry
        self.state = fold(entry.plan, ())
        now = fold(entry.plan, log.events(self.store, entry.id))
        there = owner.unpack(now.host)
        if there is not None and there.alive and not self._is_mine(now.host):
            self.number = self.state = None
            raise Refused(f"round {entry.id} has an interviewer already, in process {there.pid}")
        self._say(Say(f"You follow round {entry.id}. /help shows what you can type.", DIM))
        self._write("joined", {"owner": owner.myself().pack()})

    def _choose(self) -> log.Entry | None:
        if self._wanted is not None:
            entry = log.entry(self.store, self._wanted)
            if entry is None:
                raise Refused(f"there is no round {self._wanted}: `kata interview` shows which run")
            if entry.ended is not None:
                raise Refused(
                    f"round {entry.id} has ended: `kata report --round {entry.id}` shows it"
                )
            return entry
        running = [entry for entry in log.unfinished(self.store) if entry.running]
        if len(running) > 1:
            which = ", ".join(f"{e.id} ({e.name})" for e in running)
            raise Refused(f"several rounds run: {which}; name one: kata interview --host NUMBER")
        return running[0] if running else None

    def _pull(self) -> None:
        """Show what is new in the record."""
        assert self.number is not None
        assert self.state is not None
        last = self.events[-1].seq if self.events else 0
        for event in log.events(self.store, self.number, last):
            before = self.state
            self.events.append(event)
            self.state = fold(before.plan, self.events)
            self._show(commentary.event(before, self.state, event))
        if self.state.ended:
            self.status = 0
            return
        entry = log.entry(self.store, self.number)
        if entry is None:
            return
        if self._entry is None or entry.elapsed != self._entry.elapsed:
            self._moved = steady()
        self._entry = entry
        if self._gone == entry.running:
            self._gone = not entry.running
            if self._gone and not self.state.paused:
                again = f"kata interview --resume {self.number}"
                self._say(Say(f"The candidate's terminal is gone. There: {again}", WARN))

    def _show(self, words: Iterable[Say]) -> None:
        self._say(*words)

    def _elapsed(self) -> float:
        if self._entry is None:
            return 0.0
        ahead = 0.0 if self._gone else min(steady() - self._moved, AHEAD_SECONDS)
        known = self.state.elapsed if self.state is not None else 0.0
        return max(self._entry.elapsed + ahead, known)

    def _is_mine(self, host: str) -> bool:
        return owner.unpack(host) == owner.myself()

    def _stage(self) -> int:
        return self.state.stage if self.state is not None else -1

    # --- taking part --------------------------------------------------------------------------

    def _write(self, kind: str, data: Mapping[str, object]) -> None:
        if self.number is None or self._entry is None:
            self._say(Say("There is no round yet.", DIM))
            return
        try:
            last = self.events[-1].seq if self.events else 0
            elapsed = self._entry.elapsed
            log.append(self.store, self.number, HOST, kind, data, elapsed=elapsed, after=last)
            self._pull()
        except Unavailable as error:
            self._say(Say(f"not recorded: {error}", WARN))

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        words = rest.split()
        match name.lower():
            case "help":
                self._say(Say(commentary.HELP))
            case "quit" | "exit":
                self.stop("quit")
            case _ if self.state is None:
                self._say(Say("There is no round yet.", DIM))
            case "note" if words:
                self.line(rest)
            case "score":
                self._score(words)
            case "rate":
                self._rate(words)
            case "next":
                here = position(self.state)
                item = here.item.key[1] if here.item else -1
                self._write("next", {"stage": self._stage(), "item": item})
            case "more":
                self._write("overrun", {"stage": self._stage()})
            case "rubric":
                self._show(commentary.rubric())
            case "where":
                self._where(self.state)
            case "end":
                self._end(self.state)
            case _:
                near = difflib.get_close_matches(name, COMMANDS, n=1)
                hint = f"did you mean /{near[0]}?" if near else "/help shows them all"
                self._say(Say(f"There is no /{name}: {hint}", WARN))

    def _where(self, state: State) -> None:
        self._show(commentary.stage(state, ""))
        here = position(state)
        if here.item is not None:
            self._show(commentary.asked(here.item))
        self._say(scenes.clock(state, self._elapsed()))

    def _score(self, words: list[str]) -> None:
        assert self.state is not None
        item = self._scored(self.state, words[1].lstrip("#") if len(words) > 1 else "")
        if not words or words[0] not in ("1", "2", "3", "4") or item is None:
            self._say(Say("/score 1-4, or /score 1-4 and the number of an answer", WARN))
            return
        data = {"stage": item.key[0], "item": item.key[1], "score": int(words[0])}
        self._write("score", data)

    def _scored(self, state: State, number: str) -> Item | None:
        """The item that is meant: by its number, else what is asked now or was asked last."""
        if number:
            return next((item for item in state.items if str(item.number) == number), None)
        here = position(state).item
        if here is not None:
            return here
        answered = [item for item in state.items if item.key in state.replies]
        return answered[-1] if answered else None

    def _rate(self, words: list[str]) -> None:
        name = dimension(" ".join(words[:-1])) if words else None
        if name not in BY_PERSON or words[-1] not in ("1", "2", "3", "4"):
            self._say(Say("/rate communication 1-4, or /rate problem 1-4", WARN))
            return
        self._write("rating", {"dimension": name, "score": int(words[-1])})

    def _end(self, state: State) -> None:
        missing = [name for name in BY_PERSON if name not in state.ratings]
        if missing and not self._sure:
            self._sure = True
            which = " and ".join(missing)
            self._say(Say(f"Not rated yet: {which}. /rate them, or /end again to leave it.", WARN))
            return
        self._write("ended", {})
