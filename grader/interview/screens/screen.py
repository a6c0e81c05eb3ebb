"""The two sides of a screen: a part that is played, and the terminal that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grader.interview.say import Say
from grader.interview.screens.dial import Dial


class Screen(Protocol):
    """What a part may do to its terminal."""

    def say(self, words: Say) -> None:
        """Show something above the input line."""

    def type(self, text: str) -> None:
        """Put a text into the input line."""

    def edit(self, command: Sequence[str]) -> None:
        """Lend the terminal to an editor; returns at once."""


class Part(Protocol):
    """What a terminal drives: the candidate's side of a round, or the interviewer's."""

    @property
    def status(self) -> int | None:
        """The exit status, as soon as it is over."""

    @property
    def busy(self) -> bool:
        """Whether the judge works."""

    def open(self, screen: Screen) -> None:
        """Begin."""

    def line(self, text: str) -> None:
        """The person sent a line."""

    def pump(self, typed: str = "") -> None:
        """See what happened elsewhere; to be called a few times a second."""

    def stop(self, why: str, typed: str = "") -> None:
        """The terminal closes."""

    def dial(self) -> Dial | None:
        """The clock."""

    def words(self) -> Sequence[str]:
        """What can be typed behind a slash."""
