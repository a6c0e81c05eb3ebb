"""Sizes that do not fit each other, as torch complains of them, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from grader.exchange.request import Request

UNFIT = re.compile(
    r"\d+x(\d+) and (\d+)x\d+"
    r"|to be: \[\d+, (\d+)\] but got: \[\d+, (\d+)\]"
    r"|tensor [ab] \((\d+)\)"
)
"""The sizes in torch's words about shapes; those before and behind may be folded."""


def misfit(words: str) -> tuple[int, ...]:
    """The sizes that had to be the same: of a product the inner ones; nothing in other words."""
    return tuple(int(size) for found in UNFIT.findall(words) for size in found if size)


def named_misfit(words: str, request: Request, done: int) -> tuple[str, ...]:
    """The same as a fact, by the axes of the call that failed; nothing where no axis is known.

    done: how many calls of the request had been answered.
    """
    sizes = misfit(words)
    if len(sizes) != 2 or done >= len(request.calls):
        return ()
    call = request.calls[done]
    names = _names(call.arguments, request, request.builds[call.build].construct)
    called = [
        f"{size} = {' or '.join(names[size])}" if size in names else f"{size}" for size in sizes
    ]
    if not any(size in names for size in sizes):
        return ()
    return (f"the sizes that do not fit are {called[0]} and {called[1]}",)


def _names(
    arguments: Mapping[str, Any], request: Request, construct: Mapping[str, Any]
) -> dict[int, list[str]]:
    """What each size is called among the arguments' axes, and by what the layer was built from.

    A number that an axis has by its name is that one; what two axes have by chance is both.
    """
    names: dict[int, list[str]] = {}
    for name, value in arguments.items():
        axes = request.axes.get(name)
        if axes is None or not isinstance(value, Tensor) or not axes.spoken(value.shape):
            continue
        for word, size in zip(axes.words[::-1], reversed(value.shape), strict=False):
            if word not in names.setdefault(size, []):
                names[size].append(word)
    for name, number in construct.items():
        if isinstance(number, int) and number > 1 and name not in names.setdefault(number, []):
            names[number].append(name)
    return names
