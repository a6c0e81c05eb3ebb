"""The four dimensions of a coding interview, and what each score means, in words."""

from __future__ import annotations

from collections.abc import Mapping

COMMUNICATION, SOLVING = "communication", "problem solving"
TECHNICAL, TESTING = "technical competency", "testing"
BY_PERSON = (COMMUNICATION, SOLVING)
"""What only a person can judge; the other two are computed."""

DIMENSIONS = (*BY_PERSON, TECHNICAL, TESTING)

RUBRIC: Mapping[str, Mapping[int, str]] = {
    COMMUNICATION: {
        4: "said the plan first, thought aloud, checked that the other side followed",
        3: "clear on the whole; a question now and then cleared up the rest",
        2: "had to be asked what was meant, or coded in silence",
        1: "could not be followed",
    },
    SOLVING: {
        4: "weighed choices, and found own mistakes before anybody named them",
        3: "went a sound way, with a nudge or two",
        2: "had to be led, or mended symptoms",
        1: "found no way without being told it",
    },
    TECHNICAL: {
        4: "right, robust and in time",
        3: "right, with small debts",
        2: "nearly right, or right with much help",
        1: "not right",
    },
    TESTING: {
        4: "knew what the code would do, and how to show it",
        3: "mostly knew",
        2: "let the judge find out",
        1: "guessed",
    },
}

SCALE: Mapping[int, str] = {
    1: "missed it",
    2: "had a part",
    3: "had most of it",
    4: "had all of it",
}
"""How an answer compares with the model answer."""


def dimension(word: str) -> str | None:
    """The dimension that a word means, by its beginning; None where that is none or several."""
    found = [name for name in DIMENSIONS if word and name.startswith(word.strip().lower())]
    return found[0] if len(found) == 1 else None
