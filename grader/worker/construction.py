"""How a submission's class is built: from sizes, heads and a rate, in whatever form it asks.

A constructor names its parameters in the field's own words, in its own order, twice for the input's
and the output's width, or asks for one configuration object. What it is built from is always the
kata's own construction; what the kata has no word for (a length, a device) follows from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.kata.entry_point import EntryPoint, Parameter
from grader.kata.glossary import (
    attention_role,
    built_from,
    called_with,
    is_option,
    speaks_of_counts,
)
from grader.worker.binding import (
    D_K,
    EMPTY,
    ROOT_D_K,
    Place,
    Unbindable,
    ordered,
    signature_of,
)

LONGEST = 4096
"""Tokens: no longer length is promised, so that a table of its square is never dear to build."""
SPARE = 5
"""Tokens a layer is built for beyond what it is called with: a table has to be cut to size."""
FREE = "free"
"""A source that is none: the parameter keeps its default."""


class Indivisible(ValueError):
    """The width of a head was asked for, where the numbers of the construction have none."""


@dataclass(frozen=True)
class Construction:
    """Where everything that a constructor asks for comes from."""

    name: str
    places: tuple[Place, ...]
    meant: Mapping[str, str]
    """What the kata's own parameters mean → their names."""
    lacks: tuple[str, ...] = ()
    """Parameters of the kata that it has no place for."""
    defaults: Any = None
    """The submission's own configuration class, asked where ours has no answer."""
    line: Mapping[str, Any] = field(default_factory=dict)
    """Where the constructor stands in the submission, for an error that is ours to raise."""
    of_a_call: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda _: {}
    """What a class in a function's place is built from, made of the arguments of a call."""

    @property
    def sources(self) -> frozenset[str]:
        """Everything that has a place."""
        return frozenset(place.source for place in self.places)

    def unusual(self, entry: EntryPoint) -> bool:
        """Whether it is not just the kata's own parameters, in their order."""
        own = [p.name for p in entry.construct]
        passed = [place.source for place in self.places]
        renamed = [p for p in self.places if p.source == self.meant.get("dropout")]
        silent = [p for p in renamed if p.parameter != "*" and built_from(p.parameter) is None]
        return passed != own[: len(passed)] or bool(silent)

    def place(
        self, values: Mapping[str, Any], device: str = "cpu", length: int = 0
    ) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the constructor; `length`: of the longest call."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for place in self.places:
            value = self.value(place.source, values, (device, length))
            if place.parameter == "*" or not place.by_name:
                args.append(value)
            else:
                kwargs[place.parameter] = value
        return args, kwargs

    def value(self, source: str, values: Mapping[str, Any], where: Where) -> Any:
        """What a parameter gets."""
        if source in values:
            return values[source]
        if source == "config":
            return Configuration(self, values, where)
        return self.derived(source, values, where)

    def derived(self, means: str, values: Mapping[str, Any], where: Where) -> Any:
        """What follows from a construction for something the kata itself has no word for."""
        if means in self.meant and self.meant[means] in values:
            return values[self.meant[means]]
        if means == "head_dim":
            return self._head_dim(values)
        if means == "kv_heads":
            return self.derived("heads", values, where)
        if means == "device":
            return where[0]
        return min(where[1] + SPARE, LONGEST) if means == "length" else PLAIN[means]

    def _head_dim(self, values: Mapping[str, Any]) -> int:
        width = int(values[self.meant["width"]])
        heads = int(values[self.meant["heads"]]) if "heads" in self.meant else 1
        if heads < 1 or width % heads:
            raise Indivisible(
                f"{self.meant['width']} = {width} is no multiple of {self.meant['heads']} = {heads}"
            )
        return width // heads

    def spelled(self, values: Mapping[str, Any] | None = None) -> str:
        """It as a person writes it: with values, or with the names of what goes where."""
        parts = [f"{p.parameter}={self._said(p.source, values)}" for p in self.places]
        return f"{self.name}({', '.join(parts).replace('*=', '')})"

    def _said(self, source: str, values: Mapping[str, Any] | None) -> str:
        if source == "head_dim" and values is None:
            heads = [self.meant["heads"]] if "heads" in self.meant else []
            return " / ".join([self.meant["width"], *heads])
        if source == "config" or (values is None and source not in PLAIN):
            return source
        if source == "length":
            return "a length"
        try:
            return repr(self.value(source, values or {}, NOWHERE))
        except (Indivisible, KeyError):
            return source


Where = tuple[str, int]
"""The device, and the longest sequence of the calls to come."""
NOWHERE: Where = ("cpu", 0)
PLAIN: dict[str, Any] = {
    "heads": 1,
    "dropout": 0.0,
    "other_dropout": 0.0,
    "length": LONGEST,
    "bias": True,
    "batch_first": True,
    "dtype": None,
    "device": "cpu",
    "layer": 0,
    "head_dim": 0,
    "kv_heads": 1,
}
"""What is given where a kata has no word for it, or would be of no consequence."""


class Configuration:
    """One object for a whole construction, which answers under all of the field's names."""

    def __init__(self, construction: Construction, values: Mapping[str, Any], where: Where) -> None:
        self.__dict__["_answer"] = lambda name: _configured(construction, values, where, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._answer(name)

    def __getitem__(self, name: str) -> Any:
        return self._answer(name)

    def __contains__(self, name: str) -> bool:
        return hasattr(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a dictionary has it."""
        return getattr(self, name, default)


MORE = {
    "n_layer": 1, "n_layers": 1, "num_layers": 1, "num_hidden_layers": 1, "layer_idx": 0,
    "is_decoder": False, "output_attentions": False, "use_cache": False, "pruned_heads": (),
    "position_embedding_type": "absolute", "flash": False, "training": False,
}  # fmt: skip
"""Attributes of well-known configurations that mean nothing for one layer."""


class Unknown(AttributeError, KeyError):
    """A configuration has no such attribute; the message names it."""

    def __str__(self) -> str:
        return str(self.args[0])


def _configured(
    construction: Construction, values: Mapping[str, Any], where: Where, name: str
) -> Any:
    if name in values:
        return values[name]
    means = built_from(name)
    if means is not None and means.endswith("_width"):
        means = "head_dim" if means in ("key_width", "value_width") else "width"
    if name in MORE:
        return MORE[name]
    own = getattr(construction.defaults, name, None)
    if means in ("bias", "causal"):
        return True if own is None else own
    if means in PLAIN or means in construction.meant:
        return construction.derived(str(means), values, where)
    if own is not None:
        return own
    known = "hidden_dim, n_embd, d_model …, num_heads, n_head …, dropout, bias, block_size"
    raise Unknown(f"the configuration has no `{name}`: it answers to {known}")


def bind_construction(function: Callable[..., Any], name: str, entry: EntryPoint) -> Construction:
    """Bind a kata's construction to a constructor (its `self` already bound), by names first."""
    parameters = signature_of(function)
    if parameters is None:
        places = tuple(Place("*", p.name) for p in entry.construct)
        return Construction(name, places, _meant(entry))
    return _Binder(name, parameters, entry).construction()


def _meant(entry: EntryPoint) -> dict[str, str]:
    return {p.means or str(built_from(p.name)): p.name for p in entry.construct}


class _Binder:
    """The search for a source for each parameter of a constructor."""

    def __init__(
        self, name: str, parameters: Sequence[inspect.Parameter], entry: EntryPoint
    ) -> None:
        self.name = name
        self.named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.open = [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.wanted = entry.construct
        self.meant = _meant(entry)
        self.sources: dict[str, str] = {}

    def construction(self) -> Construction:
        if not self._configuration():
            self._exact()
            self._by_meaning()
            self._by_place()
        self._open_ends()
        sources = {name: source for name, source in self.sources.items() if source != FREE}
        places = ordered(self.named, sources)
        bound = set(sources.values())
        left = [p for p in self.wanted if p.name not in bound]
        if "config" in bound:
            left = []
        elif any(p.kind is p.VAR_POSITIONAL for p in self.open):
            places += [Place("*", p.name) for p in left]
            left = []
        elif any(p.kind is p.VAR_KEYWORD for p in self.open):
            places += [Place(p.name, p.name, by_name=True) for p in left]
            left = []
        absent = [p for p in left if p.required]
        if absent:
            taken = ", ".join(p.name for p in self.named)
            missing = ", ".join(p.name for p in absent)
            raise Unbindable(f"is built from ({taken}), where the kata passes {missing}")
        return Construction(self.name, tuple(places), self.meant, tuple(p.name for p in left))

    def _configuration(self) -> bool:
        """One parameter that is a configuration stands for all of them."""
        for parameter in self.named:
            annotated = str(getattr(parameter.annotation, "__name__", parameter.annotation))
            by_type = parameter.annotation is not EMPTY and built_from(annotated) == "config"
            by_name = built_from(parameter.name) == "config" and parameter.default in (EMPTY, None)
            if by_type or by_name:
                self.sources[parameter.name] = "config"
                return True
        return False

    def _exact(self) -> None:
        names = {p.name for p in self.named}
        self.sources |= {p.name: p.name for p in self.wanted if p.name in names}

    def _by_meaning(self) -> None:
        """Every parameter whose name says something that the kata, or the field, has a value for.

        Sizes go to all that ask for them. A rate goes to one, and an option keeps its default.
        """
        told = {p.name: built_from(p.name) for p in self.named if p.name not in self.sources}
        # A letter says nothing where it would mean what the kata has no word for.
        told = {n: m for n, m in told.items() if m in self.meant or len(n) > 1}
        told = {n: self._read(n, m, told) for n, m in told.items() if m is not None}
        for parameter in self.named:
            means = told.get(parameter.name)
            if means is None:
                continue
            source = self.meant.get(means)
            if source is not None:
                repeated = source in self.sources.values() and means != "width"
                optional = parameter.default is not EMPTY
                if not (repeated or (means == "width" and optional and parameter.default is None)):
                    self.sources[parameter.name] = source
                    continue
            self._plain(parameter, means)

    def _read(self, name: str, means: str, told: Mapping[str, str | None]) -> str | None:
        """The width of one role: of several the kata's own, else left to its place, or a head's."""
        widths = [m for m in self.meant if m.endswith("width")]
        if len(widths) > 1 and (means == "head_dim" or means.endswith("width")):
            own = f"{attention_role(name)}_width"
            return own if own in widths else None
        if means in self.meant or not means.endswith("_width"):
            return means
        alone = "query_width" not in told.values()
        return "head_dim" if alone and "heads" in self.meant else "width"

    def _plain(self, parameter: inspect.Parameter, means: str) -> None:
        """Something the kata has no word for: given where it must be, or where it is a size."""
        sized = means == "length" or (means == "head_dim" and type(parameter.default) is int)
        if means == "head_dim" and "width" not in self.meant:
            return
        if means in PLAIN and (parameter.default is EMPTY or sized):
            self.sources[parameter.name] = means
        elif parameter.default is not EMPTY:
            self.sources[parameter.name] = FREE

    def _by_place(self) -> None:
        """What is left of the kata's sizes goes to parameters whose names say nothing, in order."""
        bound = set(self.sources.values())
        left = [p for p in self.wanted if p.name not in bound]
        silent = [p for p in self.named if p.name not in self.sources]
        for wanted in left:
            fits = [p for p in silent if _may_hold(p, wanted)]
            if fits and (wanted.required or fits[0] is silent[0]):
                self.sources[fits[0].name] = wanted.name
                silent = silent[silent.index(fits[0]) + 1 :]

    def _open_ends(self) -> None:
        for parameter in self.named:
            if parameter.name not in self.sources and parameter.default is EMPTY:
                means = built_from(parameter.name)
                if means not in PLAIN:
                    raise Unbindable(f"also needs {parameter.name}, which the kata does not pass")
                self.sources[parameter.name] = str(means)


def _may_hold(parameter: inspect.Parameter, wanted: Parameter) -> bool:
    """Whether a parameter whose name says nothing may take a value by its place."""
    if parameter.default is EMPTY:
        return True
    if not isinstance(wanted.sample, float):
        return parameter.default is None or type(parameter.default) is type(wanted.sample)
    if is_option(parameter.name) or called_with(parameter.name) is not None:
        return False
    if parameter.default is None:
        return True
    # A rate may be written 0, but an axis or a size is no rate.
    counts = type(parameter.default) is int and not speaks_of_counts(parameter.name)
    return type(parameter.default) is float or counts


# --- a class in a function's place ------------------------------------------------------------


def bind_options(
    function: Callable[..., Any], name: str, entry: EntryPoint, given: Collection[str]
) -> Construction:
    """How a class in a function's place is built: from d_k, its root, or an option of the call.

    given: arguments that its instances take, so that the constructor need not.
    """
    options = {p.means or p.name: p for p in entry.call if not p.required and not p.mask}
    sources: dict[str, str] = {}
    silent: list[str] = []
    parameters = signature_of(function) or []
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    for parameter in named:
        means = built_from(parameter.name)
        option = options.get(means or parameter.name)
        if option is not None and option.name not in given:
            sources[parameter.name] = option.name
        elif parameter.default is not EMPTY:
            continue
        elif means in ("head_dim", "width") or str(means).endswith("_width"):
            sources[parameter.name] = D_K
        elif means in ("temperature", "scale"):
            sources[parameter.name] = ROOT_D_K
        elif means in PLAIN:
            sources[parameter.name] = str(means)
        else:
            silent.append(parameter.name)
    if len(silent) > 1 or (silent and D_K in sources.values()):
        raise Unbindable(f"needs {', '.join(silent)} to be built")
    sources |= dict.fromkeys(silent, D_K)
    asks = entry.reads.get("query", entry.required[0])

    def of_a_call(arguments: Mapping[str, Any]) -> dict[str, Any]:
        width = arguments[asks].size(-1)
        values: dict[str, Any] = {D_K: width, ROOT_D_K: width**0.5}
        for option in options.values():
            values[option.name] = arguments.get(option.name, option.value)
        return {source: value for source, value in values.items() if source in sources.values()}

    return Construction(name, tuple(ordered(named, sources)), {}, of_a_call=of_a_call)
