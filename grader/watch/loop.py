"""The loop of `kata watch`: saves, keys and verdicts come in, views go out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from grader.judge.background import BackgroundJudge, Came, Order
from grader.judge.remote import RemoteJudge
from grader.judge.source import Cancelled, NoSuchFile, read
from grader.kata.kata import Kata, find
from grader.kata.refused import Refused
from grader.practice.attempts import remember
from grader.practice.store import Store
from grader.report.verdict import Check, Report
from grader.watch import board
from grader.watch.events import Checked, Event, Graded, Key, Mailbox, Missed, Resized, Saved
from grader.watch.eye import Eye
from grader.watch.keys import read_keys
from grader.watch.view import View

REPLACED_SECONDS = 0.4
"""How long a file may be gone, empty or half written before that is taken for what was meant."""
OVERTAKEN_SECONDS = 1.0
"""How long a grade may still run when what it grades was saved anew."""


class Surface(Protocol):
    """Where views are shown."""

    @property
    def height(self) -> int:
        """Lines that are seen at once; none where nothing is drawn over."""

    def enter(self) -> None:
        """Begin."""

    def leave(self) -> None:
        """End."""

    def scroll(self, lines: int) -> None:
        """Move the content."""

    def show(self, view: View) -> None:
        """Show a view."""


@dataclass
class Watch:
    """A kata being practised, on a surface."""

    kata: Kata
    file: Path
    surface: Surface
    store: Store
    poll: bool = False
    device: str = "cpu"
    mailbox: Mailbox = field(default_factory=Mailbox)
    done: bool = False
    begun: int = 0
    """How many grades were begun; each has its number."""
    running: int = 0
    """The number of the grade that is running, or 0."""
    graded: str | None = None
    """Digest of the text that is being or was graded last."""
    due: float | None = None
    """When the file is looked at, because something happened to it."""
    doubted: bool = False
    """Whether that look is a second one, at something that looked unfinished."""
    overtaken: float | None = None
    """When the running grade is called off, because what it grades was saved anew."""
    question: str = ""

    def run(self) -> board.Board:
        """Watch until the person quits; returns what there is to say afterwards."""
        self.board = board.Board(self.kata, self.file, self.store)
        with contextlib.ExitStack() as stack:
            stack.callback(self.mailbox.close)
            self.judge = BackgroundJudge(partial(RemoteJudge, self.device), self._told)
            self.judge.warm()
            stack.callback(self.judge.close)
            self.eye = self._look_at_file()
            stack.callback(self._look_away)
            self.surface.enter()
            stack.callback(self.surface.leave)
            self.due = time.monotonic()
            self._listen()
        return self.board

    def _look_at_file(self) -> Eye:
        return Eye(self.file, lambda: self.mailbox.post(Saved()), poll=self.poll)

    def _look_away(self) -> None:
        self.eye.close()  # whichever it is by then: another kata has another one

    def _listen(self) -> None:
        keyboard: list[int] = [sys.stdin.fileno()]
        while not self.done:
            self.surface.show(self.board.view(self.question, busy=bool(self.running)))
            pressed = self.mailbox.wait(self._next_moment(), *keyboard)
            if pressed:
                keys = read_keys(pressed[0])
                if keys is None:
                    keyboard = []  # nobody can type any more, but files can still be saved
                for key in keys or ():
                    self._on(Key(key))
            while (event := self.mailbox.take()) is not None:
                self._on(event)
            self._on_time()

    def _next_moment(self) -> float:
        moments = [m for m in (self.due, self.overtaken) if m is not None]
        return min([time.monotonic() + 1.0, *moments])  # the clock on the screen goes on

    # --- what happens -------------------------------------------------------------------------

    def _on(self, event: Event) -> None:
        match event:
            case Key(name):
                self._on_key(name)
            case Saved():
                self.due, self.doubted = time.monotonic(), False
            case Checked(grade, check) if grade == self.running:
                self.board.check(check)
            case Graded(grade, report) if grade == self.running:
                self._ended()
                self.board.graded(report, event.recorded, event.note)
                self.surface.scroll(-(10**6))
            case Missed(grade, why) if grade == self.running:
                self._ended()
                self.board.say(why)
            case Resized():
                pass  # whatever happened, the view is drawn again

    def _ended(self) -> None:
        self.running, self.overtaken = 0, None

    def _on_time(self) -> None:
        now = time.monotonic()
        if self.due is not None and now >= self.due:
            self.due = None
            self._look()
        if self.overtaken is not None and now >= self.overtaken:
            self.overtaken = None
            self.judge.cancel()

    def _look(self) -> None:
        """Grade what the file holds, if that is new and looks finished."""
        try:
            data = read(self.file)
        except NoSuchFile as error:
            return self._doubt() if not self.doubted else self.board.missing(str(error))
        digest = hashlib.sha256(data).hexdigest()
        if digest == self.graded:
            return None
        if not self.doubted and not _finished(data):
            return self._doubt()
        if self.running:  # let it come to its end if that is near; then look again
            self.overtaken = self.overtaken or time.monotonic() + OVERTAKEN_SECONDS
            self.due = time.monotonic() + 0.05
            self.doubted = True
            return None
        if self.graded is None and self.board.is_stub(data):
            return self.board.welcome()
        return self._grade(digest)

    def _doubt(self) -> None:
        """Look again a moment later: editors delete, truncate and write in steps."""
        self.due, self.doubted = time.monotonic() + REPLACED_SECONDS, True

    def _grade(self, digest: str) -> None:
        self.graded = digest
        self.board.begin()
        self.begun += 1
        self.running = self.begun
        self.judge.put(Order(self.kata.slug, self.file, key=(self.begun,)))

    def _told(self, order: Order, came: Came) -> None:
        """What the judge tells, in its own thread, where an attempt is remembered as well."""
        (grade,) = order.key
        match came:
            case Check() as check:
                self.mailbox.post(Checked(grade, check))
            case Report() as report:
                with Store(self.store.root) as store:
                    recorded, note = remember(
                        store, find(order.kata), report, order.path, source="watch"
                    )
                self.mailbox.post(Graded(grade, report, recorded, note))
            case Cancelled():
                self.mailbox.post(Missed(grade))
            case Refused() as refused:
                self.mailbox.post(Missed(grade, str(refused)))
            case Exception() as error:
                why = f"{type(error).__name__}: {error} (ours, not yours)"
                self.mailbox.post(Missed(grade, why))

    # --- keys ---------------------------------------------------------------------------------

    def _on_key(self, name: str) -> None:
        if self.question:
            self.question = ""
            if name == "y":
                self.board.show_solution(confirmed=True)
            return
        match name:
            case "q":
                self.done = True
            case "r":
                self.graded, self.due, self.doubted = "", time.monotonic(), True
            case "h":
                self.board.show_hint()
            case "e":
                self.board.show_explanation()
            case "s":
                self.question = self.board.show_solution(confirmed=False)
            case "n":
                self._next_kata()
            case "escape" | "enter" if self.surface.height:  # on paper, the end of a typed line
                self.board.show_report()
            case "up" | "down" | "page up" | "page down":
                lines = self.surface.height if name.startswith("page") else 1
                self.surface.scroll(lines if name.endswith("down") else -lines)
                return
            case _:
                return
        self.surface.scroll(-(10**6))

    def _next_kata(self) -> None:
        """Go on to the kata whose turn it is, in the same folder."""
        following = self.board.following()
        if following is None:
            return
        if self.running:
            self.judge.cancel()
            self._ended()
        self.kata, self.file = following
        self.eye.close()
        self.board = board.Board(self.kata, self.file, self.store)
        self.eye = self._look_at_file()
        self.graded, self.due = None, time.monotonic()


def _finished(data: bytes) -> bool:
    """Whether a text could be what somebody wanted to save: it compiles, and says something."""
    if not data.strip():
        return False
    with contextlib.suppress(Exception):
        compile(data, "submission", "exec", dont_inherit=True)
        return True
    return False


def suspend_with(surface: Surface, mailbox: Mailbox) -> None:
    """Give the terminal back while the program is stopped (Ctrl-Z), and redraw when it goes on."""
    import signal

    def stopped(*_: object) -> None:
        surface.leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        surface.enter()
        mailbox.post(Resized())

    signal.signal(signal.SIGTSTP, stopped)
    signal.signal(signal.SIGWINCH, lambda *_: mailbox.post(Resized()))
    signal.signal(signal.SIGHUP, signal.default_int_handler)
