"""Which of the submission's parameters takes which of the kata's arguments.

People name and order things their own way; the kata's call says what is meant. Binding happens on
signatures alone, so that the same submission is always called in the same way.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.kata.kata import Parameter

ATTENTION_ROLES = {"query": ("q", "query", "queries"), "key": ("k", "key", "keys")}
ATTENTION_ROLES["value"] = ("v", "value", "values")

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


def bind(function: Callable[..., Any], wanted: Sequence[Parameter]) -> Binding:
    """Bind the kata's parameters to the signature of `function` (its `self` already bound)."""
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

    positional = required
    notes: tuple[str, ...] = ()
    roles = tuple(_roles(slots))
    if roles and len(required) == 1:
        positional = required * 3
        notes = (f"{required[0]} is passed three times, as query, key and value",)
    elif roles and roles != required and sorted(roles) == sorted(required):
        positional = roles
        notes = (f"the arguments are passed in your order: {', '.join(roles)}",)
    if len(slots) < len(positional) and not swallows:
        raise Unbindable(f"takes {_count(slots)}, where the kata passes {', '.join(required)}")

    free = slots[len(positional) :]
    free += [p for p in params if p.kind is inspect.Parameter.KEYWORD_ONLY]
    keyword: dict[str, str] = {}
    for optional in (p for p in wanted if not p.required):
        target = _choose(optional.name, [p for p in free if p.name not in keyword.values()], wanted)
        if target is not None:
            keyword[optional.name] = target
            if "mask" in optional.name and target != optional.name:
                notes += (f"the mask is passed as `{target}`",)
        elif swallows or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in params):
            keyword[optional.name] = "*" if swallows else optional.name
    open_ends = [p.name for p in free if p.default is inspect.Parameter.empty]
    forced = tuple(n for n in open_ends if n in keyword.values() or "mask" in n.lower())
    left = [n for n in open_ends if n not in forced]
    if left:
        raise Unbindable(f"also needs {', '.join(left)}, which the kata does not pass")
    return Binding(positional, keyword, forced, notes)


def _choose(name: str, free: list[inspect.Parameter], wanted: Sequence[Parameter]) -> str | None:
    """The free parameter that means the kata's optional argument `name`."""
    names = [p.name for p in free]
    if name in names:
        return name
    if "mask" in name:
        masks = [n for n in names if "mask" in n.lower()]
        padding = [n for n in masks if "pad" in n.lower()]
        if masks:
            return (padding or masks)[0]
    stem = re.sub(r"_?(rate|prob|p)$", "", name)
    alike = [n for n in names if stem in n.lower()]
    if alike:
        return alike[0]
    if stem == "dropout":
        alike = [n for n in names if n.lower() in {"p", "drop", "p_drop", "attn_drop", "pdrop"}]
        alike += [n for n in names if "drop" in n.lower()]
        if alike:
            return alike[0]
    # By its place, unless that place is spoken for by a name that clearly means something else.
    others = {p.name for p in wanted}
    ordinary = [p for p in free if p.kind in POSITIONAL and p.name not in others]
    if ordinary and not _means_something_else(ordinary[0].name):
        return ordinary[0].name
    return None


def _means_something_else(name: str) -> bool:
    return bool(
        re.search(r"drop|scale|bias|causal|train|weights?$|temperature|eps|debug|return", name)
    )


def _roles(slots: list[inspect.Parameter]) -> list[str]:
    """The roles that the first three parameters speak of, in their order; empty if they do not."""
    told = []
    for slot in slots[:3]:
        word = slot.name.lower().split("_")[0]
        told += [role for role, names in ATTENTION_ROLES.items() if word in names]
        if slot.default not in (inspect.Parameter.empty, None):
            return []
    return told if len(set(told)) == 3 else []


def _count(slots: list[inspect.Parameter]) -> str:
    return f"({', '.join(p.name for p in slots)})" if slots else "no argument"
