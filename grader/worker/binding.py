"""Which of the submission's parameters takes which of the kata's arguments.

People name and order things their own way; the kata's call says what is meant. Binding happens on
signatures alone, so that the same submission is always called in the same way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.kata.glossary import (
    attention_role,
    meaning,
    means_something_else,
    speaks_of_padding,
)
from grader.kata.kata import ROLES, Parameter

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Unbindable(Exception):
    """The signature cannot take the kata's call; the message says what it takes instead."""


@dataclass(frozen=True)
class Binding:
    """Where each argument of the kata goes: positions, then names for the rest."""

    positional: tuple[str, ...]
    """Argument names in the order they are passed; one may come several times."""
    keyword: dict[str, str]
    """Optional argument → the submission's parameter it is passed by, or "*" for a position."""
    forced_none: tuple[str, ...] = ()
    """Parameters without a default which the call leaves open: they are given None."""
    notes: tuple[str, ...] = ()

    def place(self, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the submission's own signature."""
        args = [arguments[name] for name in self.positional]
        kwargs: dict[str, Any] = dict.fromkeys(self.forced_none)
        for name, value in arguments.items():
            if name in self.positional:
                continue
            target = self.keyword.get(name)
            if target is None:
                raise TypeError(f"takes no `{name}` argument")
            if target == "*":
                args.append(value)
            else:
                kwargs[target] = value
        return args, kwargs


def bind(
    function: Callable[..., Any],
    wanted: Sequence[Parameter],
    reads: Mapping[str, str] | None = None,
) -> Binding:
    """Bind the kata's parameters to the signature of `function` (its `self` already bound).

    `reads` says which argument plays the part of query, key and value: a signature that names
    these three gets them.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Compiled code may not tell: then every argument goes by its place.
        required = tuple(p.name for p in wanted if p.required)
        return Binding(required, {p.name: "*" for p in wanted if not p.required})
    params = list(signature.parameters.values())
    slots = [p for p in params if p.kind in POSITIONAL]
    swallows = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in params)
    required = tuple(p.name for p in wanted if p.required)

    positional, notes = _positional(slots, required, reads or {})
    if len(slots) < len(positional) and not swallows:
        raise Unbindable(f"takes {_count(slots)}, where the kata passes {', '.join(required)}")

    free = slots[len(positional) :]
    free += [p for p in params if p.kind is inspect.Parameter.KEYWORD_ONLY]
    keyword: dict[str, str] = {}
    for optional in (p for p in wanted if not p.required):
        open_to = [p for p in free if p.name not in keyword.values()]
        target = _choose(optional, open_to, wanted)
        if target is not None:
            keyword[optional.name] = target
            if optional.mask and target != optional.name:
                notes += (f"the mask is passed as `{target}`",)
        elif swallows or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in params):
            keyword[optional.name] = "*" if swallows else optional.name
    open_ends = [p.name for p in free if p.default is inspect.Parameter.empty]
    forced = tuple(n for n in open_ends if n in keyword.values() or meaning(n) == "mask")
    left = [n for n in open_ends if n not in forced]
    if left:
        raise Unbindable(f"also needs {', '.join(left)}, which the kata does not pass")
    return Binding(positional, keyword, forced, notes)


def _positional(
    slots: Sequence[inspect.Parameter], required: tuple[str, ...], reads: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is passed by place, in order, and a note where that is not the kata's own order."""
    parts = [reads[role] for role in _roles(slots)] if set(reads) == set(ROLES) else []
    if not parts or not set(parts) <= set(required):
        return required, ()
    passed = (*parts, *(name for name in required if name not in parts))
    if passed == required:
        return required, ()
    if len(set(parts)) == 1:
        return passed, (f"{parts[0]} is passed three times, as query, key and value",)
    if sorted(passed) == sorted(required):
        return passed, (f"the arguments are passed in your order: {', '.join(passed)}",)
    return passed, (f"passed as {', '.join(_roles(slots))}: {', '.join(parts)}",)


def _choose(
    optional: Parameter, free: list[inspect.Parameter], wanted: Sequence[Parameter]
) -> str | None:
    """The free parameter that means the kata's optional argument."""
    names = [p.name for p in free]
    if optional.name in names:
        return optional.name
    means = "mask" if optional.mask else optional.means
    alike = [n for n in names if means and meaning(n) == means]
    alike.sort(key=lambda n: not speaks_of_padding(n))
    alike += [n for n in names if optional.name in n.lower()]
    if alike:
        return alike[0]
    # By its place, unless that place is spoken for by a name that clearly means something else.
    others = {p.name for p in wanted}
    ordinary = [p for p in free if p.kind in POSITIONAL and p.name not in others]
    if ordinary and not means_something_else(ordinary[0].name):
        return ordinary[0].name
    return None


def _roles(slots: Sequence[inspect.Parameter]) -> list[str]:
    """The roles that the first three parameters speak of, in their order; empty if they do not."""
    told = []
    for slot in slots[:3]:
        role = attention_role(slot.name)
        told += [role] if role else []
        if slot.default not in (inspect.Parameter.empty, None):
            return []
    return told if len(set(told)) == 3 else []


def _count(slots: list[inspect.Parameter]) -> str:
    return f"({', '.join(p.name for p in slots)})" if slots else "no argument"
