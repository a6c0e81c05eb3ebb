"""What the shapes of the weights say of a layer that cannot be graded, since they fit no roles.

Asked is nothing: the shapes come from building it. Read are sizes, in features, beside the expected
(out, in) of each role. Not readable: where something else is amiss than one of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from grader.diagnosis.readings.reading import Reading
from grader.kata.kata import Kata

ASPECT = "structure"
Shape = tuple[int, ...]


def structure(kata: Kata, shapes: Sequence[Shape]) -> Reading | None:
    """A projection that is not there, or widths that follow none of the arguments."""
    expected = kata.shapes(kata.entry.probe)
    matrices = [shape for shape in shapes if len(shape) > 1]
    if not expected or not matrices:
        return None
    rest = [pair for role, pair in expected.items() if role != "output"]
    if "output" in expected and _entries(matrices) == _entries(rest):
        return _reading("no-output-projection", f"the weights are {_listed(matrices)}")
    width, right = (min(map(min, known)) for known in (matrices, expected.values()))
    if width != right and _entries(matrices) * right**2 == _entries(expected.values()) * width**2:
        said = ", ".join(f"{name}={value}" for name, value in kata.entry.probe.items())
        return _reading("fixed-width", f"the weights are {_listed(matrices)} where {said}")
    return None


def _reading(value: str, words: str) -> Reading:
    return Reading(ASPECT, value, "", words)


def _entries(shapes: Iterable[Shape]) -> int:
    return sum(map(math.prod, shapes))


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join("×".join(map(str, shape)) for shape in shapes)
