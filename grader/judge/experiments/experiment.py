"""Predict, then see: what an interviewer asks about a candidate's own code. Descriptions only.

Each experiment has a question and the outcomes to choose from. Some can be asked of any attention;
others a kata brings, in its `questions.toml`: calls, and what comes of them rightly and by each of
some mistakes. Nothing runs them here, so that a round can be read and shown without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.kata.entry_point import ROLES
from grader.kata.kata import Kata, KataError, find
from grader.kata.refused import Refused

PADDED_ROW, HALF, UNSCALED = "padded-row", "half", "unscaled"


@dataclass(frozen=True)
class Experiment:
    """A question about what the candidate's code will do, and the outcomes to predict from."""

    id: str
    title: str
    ask: str
    choices: tuple[tuple[str, str], ...]
    """(key, label) of every outcome; what really happens is always one of these keys."""
    masked: bool = False
    """Whether it takes a mask to ask this."""
    scaled: bool = False
    """Whether it takes scores that are divided by the root of a width, and no temperature."""
    kata: str = ""
    """The kata that brings it; any may be asked where it is empty."""
    construct: Mapping[str, Any] = field(default_factory=dict)
    """How the layer is built for it."""
    calls: tuple[Mapping[str, Any], ...] = ()
    """Of each call sizes by words of axes, and values by arguments; what came of the last counts.

    A state is the number of the call, from 0, that returned it.
    """

    @property
    def told_apart(self) -> tuple[str, ...]:
        """Of the outcomes those that are the kata's own: `right`, and ids of pitfalls."""
        return tuple(key for key, label in self.choices if (key, label) not in ANYWAY)

    def label(self, key: str) -> str:
        """The words of an outcome; the key itself where it is none of the choices."""
        return dict(self.choices).get(key, key)

    def applies(self, kata: Kata) -> bool:
        """Whether this can be asked of what the kata has people write."""
        if self.kata:
            return kata.slug == self.kata
        tempered = any(p.means == "temperature" for p in kata.entry.call)
        fits = not ((self.masked and kata.entry.mask is None) or (self.scaled and tempered))
        return fits and is_attention(kata)


@dataclass(frozen=True)
class Seen:
    """What the candidate's code did: the outcome's key, and the evidence in a few short lines."""

    experiment: str
    happened: str
    said: tuple[str, ...]


def is_attention(kata: Kata) -> bool:
    """Whether the kata is attention of the form we have inputs for.

    A function that reads just query, key and value, behind any leading axes and each of its own
    length; or a layer of one input whose projections all are square.
    """
    entry = kata.entry
    if set(entry.reads) != set(ROLES):
        return False
    if not entry.is_module:
        own = [entry.axes.get(entry.reads[role]) for role in ROLES]
        rows = [axes.words[0] for axes in own if axes and axes.lead and len(axes.words) == 2]
        apart = len(rows) == len(ROLES) and rows[0] != rows[1]
        return apart and tuple(entry.reads[role] for role in ROLES) == entry.required
    built_from = {p.means for p in entry.construct if p.required}
    square = all(out == width for out, width in kata.shapes(entry.probe).values())
    one = len(entry.required) == 1 and set(entry.reads.values()) == set(entry.required)
    return one and square and set(ROLES) <= set(kata.roles) and built_from <= {"width", "heads"}


EXPERIMENTS = {
    experiment.id: experiment
    for experiment in (
        Experiment(
            PADDED_ROW,
            "A row with nothing to see",
            "The mask hides every key: from one query of a function, from one whole sequence of a "
            "layer. What comes out there?",
            (
                ("zeros", "nothing: zeros, or a layer's bare output bias"),
                ("nan", "NaN"),
                ("uniform", "the plain mean of the values"),
                ("error", "it raises"),
                ("other", "something else"),
            ),
            masked=True,
        ),
        Experiment(
            HALF,
            "In half precision",
            "Inputs and weights in fp16, scaled scores around 18. What comes out?",
            (
                ("close", "the right answer, in fp16"),
                ("upcast", "the right answer, in another dtype"),
                ("nonfinite", "inf or NaN"),
                ("error", "it raises"),
                ("other", "finite, but wrong"),
            ),
            scaled=True,
        ),
        Experiment(
            UNSCALED,
            "Without √d_k",
            "Leave √d_k out, at a d_k in the hundreds and with 64 keys. What do the weights look "
            "like?",
            (
                ("one-hot", "nearly all on one key"),
                ("same", "no visible change"),
                ("flat", "nearly uniform"),
                ("nan", "NaN"),
                ("error", "it raises"),
                ("other", "something else"),
            ),
            scaled=True,
        ),
    )
}
"""Every experiment by its id."""


# --- those that a kata brings ------------------------------------------------------------------

RIGHT = "right"
"""The outcome that the truth has; the others are ids of pitfalls, and these:"""
ANYWAY = (("nan", "NaN or inf"), ("error", "it raises"), ("other", "something else"))
KEYS = {"id", "title", "ask", "construct", "calls", "outcomes"}


def experiment(name: str) -> Experiment | None:
    """The experiment of that name: one that any kata may be asked, or `KATA.ID`; None for none."""
    slug, dot, _ = name.partition(".")
    if not dot:
        return EXPERIMENTS.get(name)
    try:
        return next((one for one in declared(find(slug)) if one.id == name), None)
    except (KataError, Refused):
        return None


def asked_of(kata: Kata) -> list[str]:
    """The names of all experiments that can be asked of a kata."""
    known = (*EXPERIMENTS.values(), *declared(kata))
    return [one.id for one in known if one.applies(kata)]


def declared(kata: Kata) -> tuple[Experiment, ...]:
    """The experiments that a kata brings, if any; KataError where one cannot be read."""
    if not (kata.folder / "questions.toml").exists():
        return ()
    try:
        return tuple(_read(kata, row) for row in kata.table("questions.toml").get("experiment", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KataError(f"{kata.folder / 'questions.toml'}: [[experiment]]: {error}") from error


def _read(kata: Kata, row: Mapping[str, Any]) -> Experiment:
    if set(row) - KEYS or (KEYS - {"construct"}) - set(row):
        raise ValueError(f"its keys are {', '.join(sorted(KEYS))}")
    names = {p.name for p in kata.entry.call} | {
        word for axes in kata.entry.axes.values() for word in axes.words
    }
    unknown = sorted({name for call in row["calls"] for name in call} - names)
    if unknown or not row["calls"]:
        raise ValueError(f"{row['id']}: calls give arguments and sizes, {', '.join(sorted(names))}")
    if RIGHT not in row["outcomes"]:
        raise ValueError(f"{row['id']}: outcomes name what is `{RIGHT}`")
    return Experiment(
        id=f"{kata.slug}.{row['id']}",
        title=row["title"],
        ask=" ".join(row["ask"].split()),
        choices=(*row["outcomes"].items(), *ANYWAY),
        kata=kata.slug,
        construct=row.get("construct", {}),
        calls=tuple(row["calls"]),
    )
