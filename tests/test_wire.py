"""Frames between judge and worker: what arrives is what was sent, or is refused in time."""

from __future__ import annotations

import os
import socket
import time

import pytest
import torch

from grader.worker import wire


def ends() -> tuple[wire.Channel, socket.socket]:
    mine, theirs = socket.socketpair()
    return wire.Channel(mine), theirs


def test_a_message_arrives_as_it_was_sent_strides_included() -> None:
    here, there = ends()
    tensor = torch.randn(2, 3, 5).permute(2, 0, 1)
    sent = {"x": tensor, "again": [tensor, None, 1.5], "half": torch.ones(3, dtype=torch.bfloat16)}
    wire.Channel(there).send(sent)
    got = here.receive(wire.Patience(time.monotonic() + 5))
    assert torch.equal(got["x"], tensor)
    assert got["x"].stride() == tensor.stride()
    assert got["again"][1:] == [None, 1.5]
    assert got["half"].dtype is torch.bfloat16


@pytest.mark.parametrize(
    "frame",
    [
        wire.PREFIX.pack(2, 0) + b"{]",
        wire.PREFIX.pack(2, 0) + b"[]",
        wire.PREFIX.pack(2, 4) + b"{}junk",
        wire.PREFIX.pack(1 << 40, 0),
        wire.PREFIX.pack(10, wire.MAX_FRAME + 1) + b"x" * 10,
        wire.PREFIX.pack(200_000, 0) + b"[" * 200_000,
        wire.PREFIX.pack(31, 0) + b'{"x": {"$tensor":"9","order":1}}'[:31],
    ],
)
def test_what_is_no_frame_is_refused_and_never_executed(frame: bytes) -> None:
    here, there = ends()
    there.setblocking(False)
    there.sendall(frame[:100_000])
    there.close()
    with pytest.raises((wire.WireError, wire.PeerGone)):
        here.receive(wire.Patience(time.monotonic() + 5))


def test_a_frame_that_never_ends_meets_the_deadline() -> None:
    here, there = ends()
    there.sendall(wire.PREFIX.pack(100, 0) + b"{")
    with pytest.raises(wire.Deadline):
        here.receive(wire.Patience(time.monotonic() + 0.05))


def test_a_reader_that_does_not_read_meets_the_deadline() -> None:
    here, _unread = ends()
    with pytest.raises(wire.Deadline):
        here.send({"x": torch.zeros(10_000_000)}, wire.Patience(time.monotonic() + 0.05))


def test_a_flood_on_the_side_does_not_block_an_answer() -> None:
    here, there = ends()
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    here.drain = wire.Drain(read, keep=100)
    os.write(write, b"x" * 60_000)
    wire.Channel(there).send({"ok": True})
    for _ in range(3):
        here.drain.pull() if here.drain.open else None
        if here.drain.dropped:
            break
    assert here.receive(wire.Patience(time.monotonic() + 5)) == {"ok": True}
    assert len(here.drain.text) == 100
    assert here.drain.dropped == 59_900
