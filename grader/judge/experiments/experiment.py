"""Predict, then see: what an interviewer asks about a candidate's own code. Descriptions only.

Each experiment has a question and the outcomes to choose from. Nothing runs them here, so that a
round can be read and shown without torch.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.kata.entry_point import ROLES
from grader.kata.kata import Kata

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

    def label(self, key: str) -> str:
        """The words of an outcome; the key itself where it is none of the choices."""
        return dict(self.choices).get(key, key)

    def applies(self, kata: Kata) -> bool:
        """Whether this can be asked of what the kata has people write."""
        tempered = any(p.means == "temperature" for p in kata.entry.call)
        fits = not (self.masked and kata.entry.mask is None or self.scaled and tempered)
        return fits and is_attention(kata)


@dataclass(frozen=True)
class Seen:
    """What the candidate's code did: the outcome's key, and the evidence in a few short lines."""

    experiment: str
    happened: str
    said: tuple[str, ...]


def is_attention(kata: Kata) -> bool:
    """Whether the kata is attention of the form we have inputs for.

    A function that reads just query, key and value; or a layer of one input whose projections all
    are square.
    """
    entry = kata.entry
    if set(entry.reads) != set(ROLES):
        return False
    if not entry.is_module:
        return tuple(entry.reads[role] for role in ROLES) == entry.required
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
