"""Grade in a thread, so that whoever waits for it stays awake; remember each attempt."""

from __future__ import annotations

import threading
from pathlib import Path

from grader.judge.file import Cancelled
from grader.judge.remote import RemoteJudge
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.practice.attempts import remember
from grader.practice.store import Store
from grader.watch.events import Checked, Graded, Mailbox, Missed


class Marker:
    """One grade at a time, its outcome posted; a judge that stays warm does the work."""

    def __init__(self, mailbox: Mailbox, device: str = "cpu") -> None:
        self.mailbox = mailbox
        self.judge = RemoteJudge(device)
        self.number = 0
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a grade is running."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, kata: Kata, file: Path) -> int:
        """Start a grade; returns its number, which its events carry."""
        if self._thread is not None:
            self._thread.join()
        self.number += 1
        self._thread = threading.Thread(
            target=self._grade, args=(self.number, kata, file), name="marker", daemon=True
        )
        self._thread.start()
        return self.number

    def cancel(self) -> None:
        """Call the running grade off; a new judge warms up meanwhile."""
        self.judge.cancel()
        self.judge.start()

    def close(self) -> None:
        """Call off what is running, and end the judge with everything it started."""
        self.judge.close()
        if self._thread is not None:
            self._thread.join(5)

    def _grade(self, number: int, kata: Kata, file: Path) -> None:
        try:
            report = self.judge.grade_file(
                kata, file, on_check=lambda check: self.mailbox.post(Checked(number, check))
            )
        except Cancelled:
            self.mailbox.post(Missed(number))
        except Refused as refused:
            self.mailbox.post(Missed(number, str(refused)))
        except Exception as error:  # a grade without an end would be waited for for ever
            self.mailbox.post(Missed(number, f"{type(error).__name__}: {error} (ours, not yours)"))
        else:
            with Store() as store:
                recorded, note = remember(store, kata, report, file, source="watch")
            self.mailbox.post(Graded(number, report, recorded, note))
