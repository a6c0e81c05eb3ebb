"""Messages between judge and worker: a JSON tree whose leaves may be tensors, never pickle.

A frame is two lengths, the JSON, and one safetensors blob holding the tensors the JSON names. What
arrives is parsed and nothing else: no byte of it is ever executed. Reads and writes have a deadline
on the whole frame, and while either waits, a second descriptor (the candidate's prints) is drained,
so that neither side can block the other.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

PREFIX = struct.Struct(">QQ")
SIZE = struct.Struct("<Q")
NAMES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.int32: "I32",
    torch.int64: "I64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
}
"""Dtypes that travel, by safetensors' names for them."""
MAX_FRAME = 512 * 1024 * 1024
"""Bytes one frame may have; the largest honest reply of a bank is a few MiB."""
MAX_HEADER = 4 * 1024 * 1024

Message = dict[str, Any]


class WireError(Exception):
    """The peer sent something that is not a frame."""


class PeerGone(Exception):
    """The peer closed its end."""


class Deadline(Exception):
    """The frame was not complete in time."""


def pack(message: Message) -> bytes:
    """Encode a tree of JSON values and dense tensors."""
    cargo = _Cargo()
    header = json.dumps(message, default=cargo.reference).encode()
    blob = _save(cargo.tensors) if cargo.tensors else b""
    return PREFIX.pack(len(header), len(blob)) + header + blob


class _Cargo:
    """The tensors of one frame, each once however often the tree holds it.

    Whoever unpacks it has one tensor in all those places, and copies before writing to it.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.places: dict[int, tuple[Tensor, dict[str, Any]]] = {}
        self.storages: set[int] = set()

    def reference(self, node: Any) -> dict[str, Any]:
        """What stands in the tree for a tensor; JSON has a form of its own for all else."""
        if not isinstance(node, Tensor):
            raise TypeError(f"{type(node).__name__} does not travel")
        if id(node) not in self.places:
            self.places[id(node)] = (node, self._load(node))  # an id is its own while it lives
        return self.places[id(node)][1]

    def _load(self, node: Tensor) -> dict[str, Any]:
        name = str(len(self.tensors))
        dense = node.detach()
        order = list(range(dense.dim()))
        if not dense.is_contiguous():
            # A permuted layout travels as the permutation that restores it: strides are tested.
            order.sort(key=dense.stride, reverse=True)
            dense = dense.permute(order).contiguous()
        # Tensors on a common storage would be refused, and would cost more than they hold.
        shared = dense.untyped_storage().nbytes() != dense.numel() * dense.element_size()
        if shared or dense.data_ptr() in self.storages:
            dense = dense.clone()
        self.storages.add(dense.data_ptr())
        self.tensors[name] = dense
        return {"$tensor": name, "order": order}


def _save(tensors: dict[str, Tensor]) -> bytes:
    """Tensors in the safetensors format, whose own writer takes long over small ones."""
    index, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
        offsets = [end, end + len(raw)]
        index[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape)} | {
            "data_offsets": offsets
        }
        parts.append(raw)
        end += len(raw)
    text = json.dumps(index).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([SIZE.pack(len(text)), text, *parts])


def unpack(header: bytes, blob: bytes) -> Message:
    """Decode a frame; raises WireError on anything malformed."""
    try:
        tensors = load_tensors(blob) if blob else {}
        message = json.loads(header, object_hook=partial(_met, tensors))
    except RecursionError:
        raise WireError("nested too deeply") from None
    except Exception as error:
        raise WireError(f"not a frame: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise WireError("a frame holds an object")
    return message


def unpack_frame(frame: bytes) -> Message:
    """Decode a frame that is at hand as a whole."""
    header_size, _ = PREFIX.unpack(frame[: PREFIX.size])
    body = frame[PREFIX.size :]
    return unpack(body[:header_size], body[header_size:])


def _met(tensors: dict[str, Tensor], node: dict[str, Any]) -> Any:
    """An object of the tree, or the tensor that it stands for."""
    if "$tensor" not in node:
        return node
    dense, order = tensors[node["$tensor"]], node["order"]
    return dense if order == sorted(order) else dense.permute(_inverse(order))


def _inverse(order: list[int]) -> list[int]:
    inverse = [0] * len(order)
    for place, dim in enumerate(order):
        inverse[dim] = place
    return inverse


KEPT = 64 * 1024
"""Bytes of what a submission prints that are kept."""


@dataclass
class Drain:
    """A descriptor to keep empty while waiting: what it says is kept up to a bound."""

    fd: int
    keep: int = KEPT
    text: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    open: bool = True

    def pull(self) -> None:
        """Read what is there; the caller knows that something is."""
        try:
            chunk = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.open = False
            return
        room = self.keep - len(self.text)
        self.text += chunk[: max(room, 0)]
        self.dropped += max(len(chunk) - room, 0) if room > 0 else len(chunk)


@dataclass
class Patience:
    """How long a frame is waited for: up to a moment of `time.monotonic()`, which may be put off.

    When it comes, `more` says by how many seconds; by none, and the wait is over.
    """

    end: float
    more: Callable[[], float] = lambda: 0.0

    def left(self) -> float:
        """Seconds to wait from now on; raises Deadline where there are none."""
        seconds = self.end - time.monotonic()
        if seconds > 0:
            return seconds
        self.end = time.monotonic() + self.more()
        if self.end <= time.monotonic():
            raise Deadline
        return self.end - time.monotonic()


class Channel:
    """One end of a stream socket that carries frames."""

    def __init__(self, sock: socket.socket, drain: Drain | None = None) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.drain = drain

    def send(self, message: Message, patience: Patience | None = None) -> None:
        """Write one frame; raises Deadline when patience is at an end."""
        self.send_frame(pack(message), patience)

    def send_frame(self, frame: bytes, patience: Patience | None = None) -> None:
        """Write a frame packed earlier: packing is not part of what a clock should see."""
        rest = memoryview(frame)
        while rest:
            self._wait(patience, writing=True)
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise PeerGone from error

    def receive(self, patience: Patience | None = None) -> Message:
        """Read one frame."""
        return unpack(*self.receive_frame(patience))

    def receive_frame(self, patience: Patience | None = None) -> tuple[bytes, bytes]:
        """Read one frame as it came: its JSON and its tensors."""
        header_size, blob_size = PREFIX.unpack(self._read(PREFIX.size, patience))
        if header_size > MAX_HEADER or blob_size > MAX_FRAME:
            raise WireError(f"a frame of {header_size + blob_size} bytes is over the limit")
        header = bytes(self._read(header_size, patience))
        return header, bytes(self._read(blob_size, patience))

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _read(self, size: int, patience: Patience | None) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            self._wait(patience, writing=False)
            try:
                count = self.socket.recv_into(view)
            except BlockingIOError:
                continue
            except OSError as error:
                raise PeerGone from error
            if count == 0:
                raise PeerGone
            view = view[count:]
        return buffer

    def _wait(self, patience: Patience | None, *, writing: bool) -> None:
        """Return when the socket is ready; drain the side descriptor meanwhile."""
        poll = select.poll()
        poll.register(self.socket, select.POLLOUT if writing else select.POLLIN)
        left = 0.0  # what is there already was sent in time
        while True:
            drain = self.drain if self.drain is not None and self.drain.open else None
            if drain is not None:
                poll.register(drain.fd, select.POLLIN)
            events = poll.poll(None if patience is None else left * 1000)
            if drain is not None and any(fd == drain.fd for fd, _ in events):
                drain.pull()
                if not drain.open:
                    poll.unregister(drain.fd)
            if any(fd == self.socket.fileno() for fd, _ in events):
                return
            left = 0.0 if patience is None else patience.left()


def plain(tensor: Tensor) -> bool:
    """Whether a tensor is dense, strided and of no subclass, so that it can travel."""
    return (
        type(tensor) in (Tensor, torch.nn.Parameter)
        and tensor.layout is torch.strided
        and not tensor.is_quantized
        and not tensor.is_nested
    )
