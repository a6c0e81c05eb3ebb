"""Workers forked from a server: each one's own, gone with all it left, and so is the server.

What a worker left behind is found out without asking the kernel for names: whoever still lives
holds the worker's output open.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.judge.conversation import WorkerPool, load_message
from grader.judge.session import Session
from grader.judge.workers import ForkServer, ServerGone, Worker
from grader.kata.kata import find
from grader.report.verdict import Fault
from grader.worker.sandbox import LIMITS

SECONDS = 20
"""For what happens at once on a quiet machine."""
ENTRY = "\ndef scaled_dot_product_attention(query, key, value, mask=None):\n    return value\n"
LEAVES_A_CHILD = """
import os, time
open("litter", "w").write("x" * 1000)
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(600)
    os._exit(0)
print("left")
"""

Load = Callable[[str], Worker]


def eventually(true: Callable[[], bool]) -> bool:
    """Whether something comes true while one may wait for it."""
    give_up = time.monotonic() + SECONDS
    while not true() and time.monotonic() < give_up:
        time.sleep(0.005)
    return true()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def everybody_gone(output: int) -> bool:
    """Whether nobody holds the other end of a worker's output any more."""
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        if select.select([output], [], [], 0.1)[0] and not os.read(output, 65536):
            return True
    return False


@pytest.fixture
def server(session: Session) -> ForkServer:
    """The server that every test shares; none of these here ends it."""
    assert isinstance(session.server, ForkServer)
    return session.server


def loaded(server: ForkServer, source: str) -> Worker:
    """A worker that has executed a source, or died of it."""
    pool = WorkerPool(server, load_message(find("sdpa"), source + ENTRY), (SECONDS,))
    worker = pool.take()
    server.await_start(worker)
    pool.listen(worker, SECONDS)
    return worker


@pytest.fixture
def own_server() -> Iterator[ForkServer]:
    """A server to be ended; it is a second or two until it has imported torch."""
    server = ForkServer(fork=False, wanted=LIMITS)
    yield server
    server.close()


def test_each_worker_is_a_process_of_its_own_known_by_its_own_pid(server: ForkServer) -> None:
    """Although pids are only read when they are needed, and then in whatever order."""
    asked = [server.spawn() for _ in range(3)]
    for worker in reversed(asked):
        server.await_start(worker)
    assert len({worker.pid for worker in asked}) == 3
    parents = {Path(f"/proc/{w.pid}/stat").read_text().split()[3] for w in asked}
    assert parents == {str(server.pid)}
    server.retire(asked[1])
    assert eventually(lambda: not Path(f"/proc/{asked[1].pid}").exists())
    assert all(Path(f"/proc/{w.pid}").exists() for w in (asked[0], asked[2]))
    server.retire(asked[0])
    server.retire(asked[2])


OPEN_DESCRIPTORS = """
import contextlib, os
held = []
for number in range(1024):
    with contextlib.suppress(OSError):
        os.fstat(number)
        held.append(number)
print(held)
"""


def test_a_worker_is_given_nothing_but_its_own_ends(server: ForkServer) -> None:
    other = server.spawn()
    worker = loaded(server, OPEN_DESCRIPTORS)
    while not worker.drain.text:
        worker.drain.pull()
    held = json.loads(worker.drain.text)
    assert len(held) == 4, "its three streams and its frames"
    server.retire(worker)
    server.retire(other)


def test_a_worker_has_a_folder_of_its_own_for_what_it_writes(server: ForkServer) -> None:
    """Whoever was looked up before the fork is not remembered after it."""
    said = []
    for _ in range(2):
        worker = loaded(server, "import os, tempfile\nprint(os.getcwd(), tempfile.gettempdir())")
        while not worker.drain.text:
            worker.drain.pull()
        said.append(worker.drain.text.decode().split())
        server.retire(worker)
    assert all(here == temporary for here, temporary in said)
    assert len({Path(here) for here, _ in said}) == 2
    assert all(Path(here).parent == server.scratch for here, _ in said)


def test_a_folder_is_empty_whatever_the_worker_before_left_under_its_number(
    server: ForkServer,
) -> None:
    """Numbers come round again, and whoever is next can be foreseen."""
    squat = "import os\nfor n in range(300):\n    open(f'../{os.getpid() + n}', 'w').close()\n"
    squatter = loaded(server, squat)
    worker = loaded(server, "import os\nprint(os.listdir())")
    while not worker.drain.text:
        worker.drain.pull()
    assert worker.drain.text == b"[]\n"
    server.retire(squatter)
    server.retire(worker)


def test_who_died_leaves_no_folder(server: ForkServer) -> None:
    before = set(server.scratch.iterdir())
    worker = server.spawn()
    source = "import os\nopen('litter', 'w').close()\nos._exit(3)"
    worker.channel.send({"ask": "load", **load_message(find("sdpa"), source)})
    assert server.cause(worker)[0] == 3 << 8
    assert eventually(lambda: {p for p in server.scratch.iterdir() if p.is_dir()} <= before)
    server.retire(worker)


def test_retiring_a_worker_ends_whatever_it_left(server: ForkServer) -> None:
    before = set(server.scratch.iterdir())
    worker = loaded(server, LEAVES_A_CHILD)
    (folder,) = set(server.scratch.iterdir()) - before
    assert (folder / "litter").is_file()
    output = os.dup(worker.drain.fd)
    server.retire(worker)
    assert everybody_gone(output)
    assert eventually(lambda: not folder.exists())
    os.close(output)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("os._exit(3)", 3 << 8),
        ("os.kill(os.getpid(), 11)", int(signal.SIGSEGV)),
        ("os.kill(os.getpid(), 9)", int(signal.SIGKILL)),
    ],
)
def test_the_cause_of_a_death_is_what_it_was(server: ForkServer, last: str, status: int) -> None:
    worker, living = server.spawn(), server.spawn()
    worker.channel.send({"ask": "load", **load_message(find("sdpa"), f"import os\n{last}")})
    found, peak = server.cause(worker)
    assert found & 0x7F == status & 0x7F, "a core is not dumped, so its flag may differ"
    assert found >> 8 == status >> 8
    assert 1 << 20 < peak < 1 << 32, "bytes"
    server.retire(worker)
    server.await_start(living)
    assert Path(f"/proc/{living.pid}").exists()
    server.retire(living)


def test_workers_leave_no_descriptor_open(server: ForkServer) -> None:
    server.retire(server.spawn())
    before = descriptors()
    for _ in range(5):
        server.retire(server.spawn())
    dead = server.spawn()
    dead.channel.send({"ask": "load"})  # that is no order
    server.cause(dead)
    server.retire(dead)
    assert descriptors() == before


def test_a_closed_server_takes_its_workers_and_its_folder_with_it() -> None:
    before = descriptors()
    server = ForkServer(fork=False, wanted=LIMITS)
    assert not server.gone
    worker = loaded(server, LEAVES_A_CHILD)
    output = os.dup(worker.drain.fd)
    assert any(server.scratch.iterdir())
    server.close()
    assert everybody_gone(output)
    assert not server.scratch.exists()
    assert server.gone
    server.close()
    worker.close()
    os.close(output)
    assert descriptors() == before


def test_a_server_that_was_killed_is_gone_and_says_so(own_server: ForkServer) -> None:
    server = own_server
    worker = loaded(server, "")
    output = os.dup(worker.drain.fd)
    os.kill(server.pid, signal.SIGSTOP)
    waiting = server.spawn()
    before = descriptors()
    os.kill(server.pid, signal.SIGKILL)
    assert eventually(lambda: server.gone)
    assert server.gone, "and it stays gone, once it was collected"
    assert everybody_gone(output), "its workers went with it"
    server.retire(waiting)
    assert descriptors() == before - 2
    for step in (server.spawn, lambda: server.cause(worker)):
        with pytest.raises(ServerGone) as raised:
            step()
        assert isinstance(raised.value, Fault), "a submission's doing, not ours"
        assert descriptors() == before - 2, "what could not be begun is cleared away"
    server.retire(worker)
    os.close(output)
    server.close()
    assert not server.scratch.exists()
    assert descriptors() == before - 6


def test_a_worker_that_was_never_begun_says_that_the_server_is_gone(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders are sent ahead of their answers, and what answers may be gone by then."""
    control, theirs = socket.socketpair()
    monkeypatch.setattr(server, "control", control)
    worker = server.spawn()
    theirs.close()
    for step in (server.await_start, server.cause):
        with pytest.raises(ServerGone):
            step(worker)
    server.unclaimed.clear()
    worker.close()
    control.close()
