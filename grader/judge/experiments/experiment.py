"""Predict, then see: what an interviewer asks about a candidate's own code. Descriptions only.

Each experiment has a question and the outcomes to choose from. Nothing runs them here, so that a
round can be read and shown without torch.
"""

from __future__ import annotations

from dataclasses import dataclass

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

    def label(self, key: str) -> str:
        """The words of an outcome; the key itself where it is none of the choices."""
        return dict(self.choices).get(key, key)

    def applies(self, kata: Kata) -> bool:
        """Whether this can be asked of what the kata has people write."""
        return is_attention(kata) and (mask_name(kata) is not None or not self.masked)


@dataclass(frozen=True)
class Seen:
    """What the candidate's code did: the outcome's key, and the evidence in a few short lines."""

    experiment: str
    happened: str
    said: tuple[str, ...]


def mask_name(kata: Kata) -> str | None:
    """What the kata calls its mask, or None where it has none."""
    return next((p.name for p in kata.entry.call if "mask" in p.name), None)


def is_attention(kata: Kata) -> bool:
    """Whether the kata is attention of the form we have inputs for.

    A function of query, key and value; or a layer on one x whose projections all are square.
    """
    entry = kata.entry
    required = [p.name for p in entry.call if p.required]
    if not entry.is_module:
        return required == ["query", "key", "value"]
    square = all(size == ("hidden_dim", "hidden_dim") for size in kata.roles.values())
    built_from = {p.name for p in entry.construct if p.required}
    return (
        len(required) == 1
        and square
        and {"query", "key", "value"} <= set(kata.roles)
        and {"hidden_dim"} <= built_from <= {"hidden_dim", "num_heads"}
    )


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
        ),
    )
}
"""Every experiment by its id."""
