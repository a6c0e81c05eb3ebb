"""Follow shapes on the `meta` device, and storages in a dispatch mode, without torch's compiler.

Dispatch modes and some meta kernels ask the compiler to look away, or reason about symbolic
shapes; importing what it takes to answer (sympy among it) costs 1 s. Our shapes are plain numbers,
so small stand-ins can answer. Whatever else is asked of them brings in the real module.
"""

from __future__ import annotations

import importlib
import operator
import sys
import types
from collections.abc import Callable
from typing import Any


def _disable(fn: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Any:
    """The function itself: nothing here is compiled."""
    return fn if fn is not None else (lambda function: function)


def _all(*conditions: Any) -> bool:
    return all(map(bool, conditions))


def _any(*conditions: Any) -> bool:
    return any(map(bool, conditions))


def _truth(condition: Any, *_: Any) -> bool:
    return bool(condition)


class Basic:
    """The base of symbolic expressions, of which there are none here."""


ANSWERS: dict[str, dict[str, Any]] = {
    "sympy": {"Basic": Basic},
    "torch._dynamo": {"disable": _disable},
    "torch.fx.experimental.symbolic_shapes": {
        "sym_and": _all,
        "sym_or": _any,
        "sym_eq": operator.eq,
        "guard_or_false": _truth,
        "guard_or_true": _truth,
        "guard_size_oblivious": _truth,
        "expect_true": _truth,
        "statically_known_true": _truth,
        "has_guarding_hint": lambda _: True,
        "guarding_hint_or_throw": lambda size: size,
        "guard_int": int,
        "is_nested_int": lambda _: False,
        "free_unbacked_symbols": lambda _: frozenset(),
    },
}


PACKAGES = {("__path__", "torch._dynamo"), ("__path__", "sympy")}


class StandIn(types.ModuleType):
    """A module that answers a few questions and steps aside for all others."""

    def __getattr__(self, name: str) -> Any:
        # Being asked for its path means that a submodule is wanted: a package steps aside for it.
        if name.startswith("__") and (name, self.__name__) not in PACKAGES:
            raise AttributeError(name)
        for other in ANSWERS:  # the real ones need each other
            if isinstance(sys.modules.get(other), StandIn):
                _place(other, None)
        return getattr(importlib.import_module(self.__name__), name)


def _place(name: str, module: types.ModuleType | None) -> None:
    """Put a module, or nothing, under a dotted name: in `sys.modules` and on its package."""
    package, _, short = name.rpartition(".")
    homes = [vars(sys.modules[package])] if package else []
    if module is None:
        sys.modules.pop(name, None)
        for home in homes:
            home.pop(short, None)
        return
    sys.modules[name] = module
    for home in homes:
        home[short] = module


def without_compiler() -> None:
    """Put the stand-ins in place of modules that were not imported yet."""
    for name, answers in ANSWERS.items():
        package = name.rpartition(".")[0]
        if name not in sys.modules and (not package or package in sys.modules):
            stand_in = StandIn(name)
            vars(stand_in).update(answers)
            _place(name, stand_in)
