"""Which of the submission's parameters takes which of the kata's arguments.

People name and order things their own way; the kata's call says what is meant. Binding happens on
signatures alone, so that the same submission is always called in the same way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.kata.entry_point import ROLES, Parameter
from grader.kata.glossary import (
    attention_role,
    called_with,
    is_option,
    speaks_of_order,
    speaks_of_padding,
)

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
EMPTY = inspect.Parameter.empty

D_K, ROOT_D_K, NO_RATE = "query's width", "the root of query's width", "a rate of 0"
NOTHING = "nothing"
"""What a call can be given beside the kata's arguments: sources that are no argument's name."""
ATTENTION_MASKS = {"mask", "attn_mask", "attention_mask", "att_mask"}


class Unbindable(Exception):
    """The signature cannot take the kata's call; the message says what it takes instead."""


@dataclass(frozen=True)
class Place:
    """One parameter of the submission and where its value comes from."""

    parameter: str
    """Its name, or "*" for a place among `*args`."""
    source: str
    """An argument of the kata, or the name of something that is made from them."""
    by_name: bool = False
    else_none: bool = False
    """Whether it has no default, so that None is passed where the kata passes nothing."""


@dataclass(frozen=True)
class Binding:
    """Where each argument of the kata goes, in the order of the submission's parameters."""

    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()
    made: Mapping[str, Callable[[Mapping[str, Any]], Any]] = field(
        default_factory=dict, compare=False
    )
    """Sources that are no arguments: how each is made from the arguments."""

    @property
    def sources(self) -> frozenset[str]:
        """Every argument that has a place."""
        return frozenset(place.source for place in self.places)

    def place(self, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the submission's own signature."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        gap = False
        for place in self.places:
            if place.source in arguments:
                value = arguments[place.source]
            elif place.source in self.made:
                value = self.made[place.source](arguments)
            elif place.else_none:
                value = None
            else:
                gap = True
                continue
            if place.parameter == "*" or not (place.by_name or gap):
                args.append(value)
            else:
                kwargs[place.parameter] = value
        homeless = [name for name in arguments if name not in self.sources]
        if homeless:
            raise TypeError(f"takes no `{homeless[0]}` argument")
        return args, kwargs


def signature_of(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Its parameters, or None where compiled code does not tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def ordered(parameters: Sequence[inspect.Parameter], sources: Mapping[str, str]) -> list[Place]:
    """A place for every parameter that has a source; the first ones by position, as people do."""
    places = []
    contiguous = True
    for parameter in parameters:
        source = sources.get(parameter.name)
        if source is None:
            contiguous = False
            continue
        by_name = parameter.kind is not inspect.Parameter.POSITIONAL_ONLY and (
            not contiguous or parameter.kind is inspect.Parameter.KEYWORD_ONLY
        )
        places.append(Place(parameter.name, source, by_name, parameter.default is EMPTY))
    return places


def bind(
    function: Callable[..., Any],
    wanted: Sequence[Parameter],
    reads: Mapping[str, str] | None = None,
) -> Binding:
    """Bind a kata's call to the signature of `function` (its `self` already bound).

    `reads` says which argument plays the part of query, key and value: a signature that names
    these three gets them.
    """
    parameters = signature_of(function)
    if parameters is None:
        return Binding(tuple(Place("*", p.name) for p in wanted))
    return _CallBinder(parameters, wanted, reads or {}).binding()


class _CallBinder:
    """The search for a place for each argument: names first, then positions."""

    def __init__(
        self,
        parameters: Sequence[inspect.Parameter],
        wanted: Sequence[Parameter],
        reads: Mapping[str, str],
    ) -> None:
        self.parameters = parameters
        self.named = [p for p in parameters if p.kind in (*POSITIONAL, p.KEYWORD_ONLY)]
        self.swallows = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.takes_any_name = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.wanted = wanted
        # A mask is known by its name, also where every call gives one.
        self.required = [p.name for p in wanted if p.required and not p.mask]
        self.reads = reads
        self.sources: dict[str, str] = {}
        self.notes: list[str] = []

    def binding(self) -> Binding:
        if not self._by_role():
            self._in_order()
        for optional in (p for p in self.wanted if p.name not in self.required):
            self._option(optional)
        self._open_ends()
        places = ordered(self.named, self.sources)
        bound = {place.source for place in places}
        if self.swallows:
            places += [Place("*", p.name) for p in self.wanted if p.name not in bound]
        elif self.takes_any_name:
            left = [p for p in self.wanted if p.name not in bound | {*self.required}]
            places += [Place(p.name, p.name, by_name=True) for p in left]
        return Binding(tuple(places), tuple(self.notes), MADE_OF_A_CALL | self._width())

    def _by_role(self) -> bool:
        """A signature that names query, key and value gets what the kata reads as those."""
        told = _roles(self.named) if set(self.reads) == set(ROLES) else {}
        parts = {role: self.reads[role] for role in told}
        if not parts or not set(parts.values()) <= set(self.required):
            return False
        self.sources |= {told[role]: argument for role, argument in parts.items()}
        others = [name for name in self.required if name not in parts.values()]
        self._positional(others)
        passed = (*parts.values(), *others)
        if passed == tuple(self.required):
            return True
        if len(set(parts.values())) == 1:
            said = f"{passed[0]} is passed three times, as query, key and value"
        elif sorted(passed) == sorted(self.required):
            said = f"the arguments are passed in your order: {', '.join(passed)}"
        else:
            said = f"passed as {', '.join(parts)}: {', '.join(parts.values())}"
        self.notes.append(said)
        return True

    def _in_order(self) -> None:
        """By exact names where all are there and cannot be given by place; else in order."""
        by_name = [p.name for p in self.named if p.kind is p.KEYWORD_ONLY]
        exact = [name for name in self.required if name in by_name]
        self.sources |= {name: name for name in exact}
        self._positional([name for name in self.required if name not in exact])

    def _positional(self, arguments: Sequence[str]) -> None:
        """Give these arguments to the first parameters that are free, in order."""
        open_to = [p for p in self.named if p.name not in self.sources and self._takes(p)]
        if len(open_to) < len(arguments) and not self.swallows:
            raise self._too_few()
        self.sources |= dict(zip((p.name for p in open_to), arguments, strict=False))

    def _too_few(self) -> Unbindable:
        names = ", ".join(p.name for p in self.named)
        taken = f"({names})" if names else "no argument"
        passed = ", ".join(p.name for p in self.wanted if p.required)
        return Unbindable(f"takes {taken}, where the kata passes {passed}")

    def _takes(self, parameter: inspect.Parameter) -> bool:
        """Whether a required argument may go there: not to what says it is a mask or a rate."""
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is not EMPTY:
            return False
        spoken_for = called_with(parameter.name) in ("mask", "dropout")
        return not spoken_for and not isinstance(parameter.default, bool | str)

    def _option(self, optional: Parameter) -> None:
        free = [p for p in self.named if p.name not in self.sources]
        target = _choose(optional, free, {p.name for p in self.wanted})
        if target is None and optional.required and not (self.swallows or self.takes_any_name):
            raise self._too_few()
        if target is not None:
            self.sources[target] = optional.name
            if optional.mask and target != optional.name:
                self.notes.append(f"the mask is passed as `{target}`")

    def _open_ends(self) -> None:
        """Parameters without a default that no argument went to get what their name asks for."""
        ends = [p for p in self.named if p.default is EMPTY and p.name not in self.sources]
        given = {p.name: _given(p.name) for p in ends}
        left = [name for name, source in given.items() if source is None]
        if left:
            raise Unbindable(f"also needs {', '.join(left)}, which the kata does not pass")
        for name, source in given.items():
            self.sources[name] = str(source)
            if source is not NOTHING:
                self.notes.append(f"`{name}` is given {source}")

    def _width(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """d_k, read off the argument that asks, and its root."""
        asks = self.reads.get("query", self.required[0] if self.required else "")
        return {
            D_K: lambda given: given[asks].size(-1),
            ROOT_D_K: lambda given: given[asks].size(-1) ** 0.5,
        }


class NoRate(float):
    """A rate of 0.0 that also does for a dropout layer: called, it returns what it is given."""

    def __call__(self, weights: Any) -> Any:
        """The weights, of which nothing is dropped."""
        return weights


MADE_OF_A_CALL: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    NO_RATE: lambda _: NoRate(0.0),
    NOTHING: lambda _: None,
}


def _given(name: str) -> str | None:
    """What a parameter without a default is given that no argument of the kata is meant for."""
    means = called_with(name)
    if means == "mask":
        return NOTHING
    if means in ("head_dim", "width"):
        return D_K
    if means in ("scale", "temperature"):
        return ROOT_D_K
    if means == "dropout":
        return NO_RATE
    return NOTHING if is_option(name) else None


def _choose(optional: Parameter, free: list[inspect.Parameter], others: set[str]) -> str | None:
    """The free parameter that means the kata's optional argument: exact names first."""
    names = [p.name for p in free]
    if optional.name in names:
        return optional.name
    if not isinstance(optional.value, bool):  # a flag is not what it is about
        names = [p.name for p in free if not isinstance(p.default, bool)]
    if optional.mask:
        masks = [name for name in names if called_with(name) == "mask"]
        if masks:
            return _of_masks(masks)
    alike = [n for n in names if optional.means and called_with(n) == optional.means]
    alike += [n for n in names if optional.name in n.lower() or _abridges(n, optional.name)]
    if alike:
        return alike[0]
    # By its place, unless that place is spoken for by a name that clearly means something else.
    ordinary = [p for p in free if p.name not in others]
    flag = isinstance(optional.value, bool)
    fits = [p.name for p in ordinary[:1] if _says_nothing(p, mask=optional.mask, flag=flag)]
    return fits[0] if fits else None


def _abridges(name: str, whole: str) -> bool:
    return len(name) >= 3 and whole.startswith(name.lower())


def _says_nothing(parameter: inspect.Parameter, *, mask: bool, flag: bool = False) -> bool:
    """Whether an optional argument may go there by its place alone."""
    if is_option(parameter.name):
        return False
    if mask and not (parameter.default is EMPTY or parameter.default is None):
        return False
    if called_with(parameter.name) is not None and len(parameter.name) > 1:
        return False
    if flag and isinstance(parameter.default, bool):
        return True
    return not isinstance(parameter.default, bool | str)


def _of_masks(names: list[str]) -> str:
    """Of several masks: that for padding beside one for order, else the attention mask itself."""
    apart = [name for name in names if not speaks_of_order(name)] or names
    plain = [name for name in apart if name.lower() in ATTENTION_MASKS]
    padding = [name for name in apart if speaks_of_padding(name)]
    if len(apart) < len(names):
        return (padding or plain or names)[0]
    return (plain or padding or apart)[0]


def _roles(parameters: Sequence[inspect.Parameter]) -> dict[str, str]:
    """The parameters that speak of query, key and value, in their order; empty if they do not."""
    told: dict[str, str] = {}
    for parameter in parameters:
        role = attention_role(parameter.name)
        if role is not None and parameter.default in (EMPTY, None):
            told.setdefault(role, parameter.name)
    return told if len(told) == 3 else {}
