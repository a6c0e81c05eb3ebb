"""Follow the memory that calls take: every storage they make, whoever asks for it.

A dispatch mode sees what a function mode does not: the tensors that factories, methods and
composite functions make on the way. It costs some microseconds for each of torch's own operations,
so it is on only in requests that ask what a call costs. Like the recorder it lives in the
candidate's process: a lint for honest people.
"""

from __future__ import annotations

import linecache
import sys
import weakref
from types import FrameType
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

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
        return {"largest": self.largest, "peak": self.peak, "operations": self.operations}

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
        given = {_address(tensor) for tensor in tensors((args, kwargs))}
        for tensor in tensors(result):
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
            self.largest[self.stage] = {"elements": elements, "bytes": size, "frame": _frame()}


def _address(tensor: Tensor) -> int | None:
    """Where its storage is; sparse tensors have none of their own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return None


def _frame() -> Message | None:
    """The submission's own line that is being executed."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename != FILENAME:
        frame = frame.f_back
    if frame is None:
        return None
    text = linecache.getline(FILENAME, frame.f_lineno).strip()
    return {"line": frame.f_lineno, "function": frame.f_code.co_name, "text": text}
