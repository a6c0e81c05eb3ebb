"""What may be predicted of an experiment, and which of it somebody's words mean."""

from __future__ import annotations

from grader.judge.experiments.experiment import experiment as named


def choices(experiment: str) -> tuple[tuple[str, str], ...]:
    """Keys and labels, in the order they are offered."""
    known = named(experiment)
    return known.choices if known else ()


def title(experiment: str) -> str:
    """What an experiment is called."""
    known = named(experiment)
    return known.title if known else experiment


def label(experiment: str, key: str) -> str:
    """An outcome in words."""
    known = named(experiment)
    return known.label(key) if known else key


def meant(experiment: str, words: str) -> str | None:
    """The one outcome that a number, a key or words mean; None where that is not one."""
    offered = choices(experiment)
    text = words.strip().casefold().rstrip(".)")
    if text.isascii() and text.isdigit():
        number = int(text[:4])
        return offered[number - 1][0] if 1 <= number <= len(offered) else None
    exact = [key for key, name in offered if text in (key.casefold(), name.casefold())]
    if exact:
        return exact[0]
    found = [key for key, name in offered if len(text) >= 3 and text in name.casefold()]
    return found[0] if len(found) == 1 else None
