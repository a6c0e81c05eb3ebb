"""A round on a terminal: an input line with the clock below it, and everything else above."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import Callable, Sequence

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style

from grader.interview.say import DIM, QUOTE, Say
from grader.interview.screens.screen import Part

LOOK_SECONDS, REDRAW_SECONDS = 0.25, 0.5
GONE_SECONDS = 2.0
INTERRUPTED = 130
LINES = 10
"""Lines of an answer that are to be seen at once."""

STYLE = Style.from_dict(
    {
        "title": "bold ansicyan",
        "dim": "ansibrightblack",
        "good": "ansigreen",
        "bad": "ansired",
        "warn": "ansiyellow",
        "quote": "ansiblue",
        "bar": "reverse",
        "bar.dim": "reverse",
        "bar.warn": "reverse bold ansiyellow",
        "bar.bad": "reverse bold ansired",
    }
)


class Terminal:
    """Drives a part; see `screen.Screen` for what the part may do to it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._waiting: list[Say] = []
        self._orders: list[Callable[[], None]] = []
        self._editing = False
        self._editor: subprocess.Popen[bytes] | None = None
        self._over_since: float | None = None
        self._wake = asyncio.Event()
        self.buffer = Buffer(multiline=True)
        self.app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            style=STYLE,
            refresh_interval=REDRAW_SECONDS,
            erase_when_done=True,
        )

    # --- what the part does to it -------------------------------------------------------------

    def say(self, words: Say) -> None:
        """Show something above the input line, soon."""
        self._waiting.append(words)
        self._wake.set()

    def type(self, text: str) -> None:
        """Put a text into the input line."""
        self.buffer.document = Document(text)

    def edit(self, command: Sequence[str]) -> None:
        """Lend the terminal to an editor; the clock runs on meanwhile."""
        self._editing = True
        self.app.create_background_task(self._lend(list(command)))

    async def _lend(self, command: list[str]) -> None:
        def work() -> str:
            try:
                with subprocess.Popen(command) as self._editor:
                    pass
            except OSError as error:
                return f"{command[0]} cannot be started: {error.strerror}"
            return ""

        try:
            failure = await run_in_terminal(work, in_executor=True)
        finally:
            self._editing, self._editor = False, None
        if failure:
            self.say(Say(failure, "bad"))
        self._wake.set()

    # --- what it does -------------------------------------------------------------------------

    async def run(self) -> int:
        """Until the round is over, or the terminal is gone; returns the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._terminated)
        work = loop.create_task(self._work())
        drawing = loop.create_task(self.app.run_async(set_exception_handler=False))
        await asyncio.wait({work, drawing}, return_when=asyncio.FIRST_COMPLETED)
        # Where the terminal vanished while something was written above the input line, the
        # application waits for that writing for ever: it gets a moment to end by itself.
        await asyncio.wait({drawing}, timeout=GONE_SECONDS)
        for task in (work, drawing):
            task.cancel()
            # The terminal may be gone by now; what counts is on record.
            with contextlib.suppress(asyncio.CancelledError, EOFError, OSError):
                await task
        if self.part.status is None:
            self.part.stop("the terminal closed", self.buffer.text)
        with contextlib.suppress(OSError):
            self._print()
        return INTERRUPTED if self.part.status is None else self.part.status

    async def _work(self) -> None:
        """Keep things going; a failure of ours ends the application, and is told by its caller."""
        try:
            self.part.open(self)
            while not self._over():
                await self._show()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
        except Exception as error:
            self._leave(error)
        else:
            self._leave(None)

    def _leave(self, error: Exception | None) -> None:
        if self.app.future is None or self.app.future.done():  # it ended with its terminal
            if error is not None:
                raise error
        elif error is not None:
            self.app.exit(exception=error)
        else:
            self.app.exit()

    def _over(self) -> bool:
        """Look after the part; whether it is over, and the terminal free to be left."""
        while self._orders and self.part.status is None:
            self._orders.pop(0)()
        if self.part.status is None:
            self.part.pump(self.buffer.text)
        if self.part.status is None or self._editing:
            return False
        # It may be about to begin; where the terminal vanished it has stopped, and never will.
        now = asyncio.get_running_loop().time()
        self._over_since = self._over_since or now
        return self.app.is_running or now - self._over_since > GONE_SECONDS

    async def _show(self) -> None:
        if self._waiting and not self._editing and self.app.is_running:
            await run_in_terminal(self._print)

    def _print(self) -> None:
        said, self._waiting = self._waiting, []
        output = self.app.output
        columns = output.get_size().columns
        words = FormattedText(
            (f"class:{one.style}" if one.style else "", line + "\n")
            for one in said
            for line in one.wrapped(columns)
        )
        if words:
            print_formatted_text(output, words, self.app.renderer.style)

    def _stop(self, why: str) -> None:
        self._order(lambda: self.part.stop(why, self.buffer.text))

    def _terminated(self) -> None:
        """End, with the editor: one with a window of its own would outlive the terminal."""
        if self._editor is not None:
            self._editor.terminate()
        self._stop("terminated")

    def _order(self, order: Callable[[], None]) -> None:
        """Have something done by the part, in its turn."""
        self._orders.append(order)
        self._wake.set()

    # --- how it looks -------------------------------------------------------------------------

    def _layout(self) -> Layout:
        entry = Window(
            BufferControl(self.buffer),
            height=Dimension(min=1, max=LINES),
            dont_extend_height=True,
            wrap_lines=True,
            get_line_prefix=lambda line, wrap: "> " if line == wrap == 0 else "  ",
        )
        bar = Window(FormattedTextControl(self._bar), height=1, style="class:bar")
        return Layout(HSplit([entry, bar]), focused_element=entry)

    def _bar(self) -> StyleAndTextTuples:
        dial = self.part.dial()
        if dial is None:
            return [("class:bar", " waiting …")]
        parts = dial.parts(self.app.output.get_size().columns)
        return [(f"class:bar.{style}" if style else "class:bar", text) for style, text in parts]

    # --- keys ---------------------------------------------------------------------------------

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        keys.add("enter")(self._send)
        keys.add("escape", "enter")(lambda _: self.buffer.insert_text("\n"))
        keys.add("tab")(self._complete)
        keys.add("c-c")(lambda _: self._stop("interrupted"))
        keys.add("<sigint>")(lambda _: self._stop("interrupted"))
        keys.add("c-d")(self._end)
        keys.add("c-z")(lambda _: self.app.suspend_to_background())
        return keys

    def _send(self, _: KeyPressEvent) -> None:
        if self.buffer.document.text_before_cursor.endswith("\\"):
            self.buffer.delete_before_cursor()
            self.buffer.insert_text("\n")
            return
        text = self.buffer.text
        self.buffer.reset(append_to_history=True)
        self.say(Say("\n".join(f"> {line}" for line in text.split("\n")), QUOTE))
        self._order(lambda: self.part.line(text))

    def _complete(self, _: KeyPressEvent) -> None:
        """Tab: the rest of a command, or which ones it may be."""
        text = self.buffer.text
        if not text.startswith("/") or " " in text:
            return
        found = [word for word in self.part.words() if word.startswith(text[1:])]
        if len(found) == 1:
            self.type(f"/{found[0]} ")
            self.buffer.cursor_position = len(self.buffer.text)
        elif found:
            self.say(Say("  ".join(f"/{word}" for word in found), DIM))

    def _end(self, _: KeyPressEvent) -> None:
        if self.buffer.text:
            self.buffer.delete()
        else:
            self._stop("end of input")


def run(part: Part) -> int:
    """Play a part on a terminal."""

    async def play() -> int:
        return await Terminal(part).run()

    return asyncio.run(play())
