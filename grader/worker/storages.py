"""Follow what calls cost: every storage they make, whoever asks for it, on `meta` as well.

A dispatch mode sees what a function mode does not: the tensors that factories, methods and
composite functions make on the way. It costs some microseconds for each of torch's own operations,
so it is on only in requests that ask what a call costs. Like the recorder it lives in the
candidate's process: a lint for honest people.

Dispatch modes, checkpointing and some meta kernels ask torch's compiler to look away, or reason
about symbolic shapes; importing what it takes to answer (sympy among it) costs 1 s. Our shapes are
plain numbers, so small stand-ins can answer. Whatever else is asked of them brings in the real
module.
"""

from __future__ import annotations

import importlib
import linecache
import operator
import sys
import types
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from grader.worker.arithmetic import work_of
from grader.worker.execution import FILENAME
from grader.worker.recorder import tensors
from grader.worker.wire import Message

MAX_OPERATIONS = 4_000
"""More than any vectorised call needs: what a Python loop makes after that is like what it made."""
WEIGHS = frozenset("_softmax _log_softmax _safe_softmax exp exp2 exp_ exp2_ logsumexp".split())
"""Operations that turn scores into weights: what is made before them are scores."""
STAGES = ("scores", "context")


class Enough(BaseException):
    """So many operations say all there is to say about memory."""


class Storages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The largest storage made before and after the weights, and how much lived at one time."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.largest: dict[str, Message] = {}
        self.stage = STAGES[0]
        self.operations = 0
        self.work: dict[int, int] = {}
        """The arithmetic done by each line of the submission; by what is not its own, at 0."""
        self.lines: dict[int, Message | None] = {}
        self.live, self.peak = 0, 0
        self.made: dict[int, int] = {}
        """Bytes of each storage that the calls made and that still lives, by its address."""
        self.users: dict[int, set[int]] = {}
        """The tensors that stand on it."""

    def begin_call(self) -> None:
        """The next call begins with scores again."""
        self.stage = STAGES[0]

    def said(self) -> Message:
        """What was seen, as plain data."""
        return {
            "largest": self.largest,
            "peak": self.peak,
            "operations": self.operations,
            "work": sum(self.work.values()),
            "hardest": self._hardest(),
        }

    def _hardest(self) -> Message | None:
        """The line that does most of the arithmetic."""
        return self.lines[max(self.work, key=self.work.__getitem__)] if self.work else None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            raise Enough
        result = func(*args, **(kwargs or {}))
        name = func.name().partition("::")[2].partition(".")[0]
        if name in WEIGHS:
            self.stage = STAGES[1]
        passed, made = list(tensors((args, kwargs))), list(tensors(result))
        work = work_of(func, name, passed, made)
        if work:
            frame = _own_frame()
            line = 0 if frame is None else frame.f_lineno
            self.work[line] = self.work.get(line, 0) + work
            if line not in self.lines:
                self.lines[line] = _said(frame)
        given = {_address(tensor) for tensor in passed}
        for tensor in made:
            address = _address(tensor)
            # What stands on the storage of an input or of a parameter makes nothing.
            if address is not None and (address in self.made or address not in given):
                self._note(tensor, address)
        return result

    def _note(self, tensor: Tensor, address: int) -> None:
        """Count a storage, or what it has grown by, and who keeps it alive."""
        size = tensor.untyped_storage().nbytes()
        grown = size - self.made.get(address, 0)
        self.made[address] = size
        self.live += grown
        self.peak = max(self.peak, self.live)
        if grown:
            self._measure(tensor, size)
        users = self.users.setdefault(address, set())
        if id(tensor) not in users:
            users.add(id(tensor))
            weakref.finalize(tensor, self._forget, id(tensor), address).atexit = False

    def _forget(self, tensor: int, address: int) -> None:
        self.users[address].discard(tensor)
        if not self.users[address]:
            del self.users[address]
            self.live -= self.made.pop(address)

    def _measure(self, tensor: Tensor, size: int) -> None:
        elements = size // max(tensor.element_size(), 1)
        if elements > self.largest.get(self.stage, {}).get("elements", 0):
            self.largest[self.stage] = {
                "elements": elements,
                "bytes": size,
                "frame": _said(_own_frame()),
            }


def _address(tensor: Tensor) -> int | None:
    """Where its storage is; sparse tensors have none of their own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return None


def _own_frame() -> FrameType | None:
    """The submission's own frame that is being executed."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename != FILENAME:
        frame = frame.f_back
    return frame


def _said(frame: FrameType | None) -> Message | None:
    """A frame's line, as plain data."""
    if frame is None:
        return None
    text = linecache.getline(FILENAME, frame.f_lineno).strip()
    return {"line": frame.f_lineno, "function": frame.f_code.co_name, "text": text}


# --- without torch's compiler ---------------------------------------------------------------------


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
    "torch._dynamo": {
        "disable": _disable,
        "config": types.SimpleNamespace(error_on_nested_fx_trace=True),
    },
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
