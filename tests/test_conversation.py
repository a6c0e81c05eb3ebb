"""The talk with a worker: whatever it says or leaves unsaid has a verdict, and the judge goes on.

Servers and workers are fakes at the room's own border: a socket whose other end the test holds.
What a worker is going to say is written there before it is asked, and what it was asked is read
there afterwards.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

import pytest
import torch

from grader.judge import conversation as module
from grader.judge.conversation import BACKSTOP, BIG, LOAD_PATIENCE, Conversation, WorkerPool
from grader.judge.workers import Moment, ServerGone, Worker, moment, plumbing
from grader.report.verdict import Fault, Verdict
from grader.worker.wire import PREFIX, Message, pack, unpack_frame

LOADED = {"error": None, "name": "attend", "notes": ["a note"]}
LOAD = {"source": "x = 1"}
HANG_UP = b""
"""Instead of a frame: the worker's process ends."""
QUICK = (0.06, 0.04, 0.02)
"""Seconds, told apart by the messages they stand in."""


class Puppet:
    """A worker's far end: it has said already what it will ever say."""

    def __init__(self, sock: socket.socket, output: int, script: tuple[Message | bytes, ...]):
        self.socket, self.output, self.kept = sock, output, b""
        for said in script:
            if said == HANG_UP:
                sock.shutdown(socket.SHUT_WR)
            else:
                sock.sendall(said if isinstance(said, bytes) else pack(said))

    def heard(self) -> list[Message]:
        """Everything it was asked."""
        self.socket.setblocking(False)
        try:
            while data := self.socket.recv(1 << 16):
                self.kept += data
        except BlockingIOError:
            pass
        frames, rest = [], self.kept
        while rest:
            size = PREFIX.size + sum(PREFIX.unpack(rest[: PREFIX.size]))
            frames.append(unpack_frame(rest[:size]))
            rest = rest[size:]
        return frames

    def close(self) -> None:
        self.socket.close()
        os.close(self.output)


class FakeServer:
    """Hands out puppets, each with the next script; without one, a puppet is silent."""

    gone = False
    start_seconds = 0.0
    level = "limits"
    why = ""

    def __init__(self, *scripts: tuple[Message | bytes, ...], reusable: bool = False) -> None:
        self.scripts = deque(scripts)
        self.reusable = reusable
        self.puppets: list[Puppet] = []
        self.workers: list[Worker] = []
        self.retired: list[Worker] = []
        self.started: list[Worker] = []
        self.end: Callable[[], tuple[int, int]] = lambda: (0, 0)

    def spawn(self) -> Worker:
        worker, sock, output = plumbing()
        worker.channel.drain = worker.drain
        self.puppets.append(Puppet(sock, output, self.scripts.popleft() if self.scripts else ()))
        self.workers.append(worker)
        return worker

    def await_start(self, worker: Worker) -> None:
        self.started.append(worker)

    def retire(self, worker: Worker) -> None:
        self.retired.append(worker)

    def cause(self, worker: Worker) -> tuple[int, int]:
        return self.end()

    def close(self) -> None:
        for worker, puppet in zip(self.workers, self.puppets, strict=True):
            worker.close()
            puppet.close()


Make = Callable[..., tuple[FakeServer, WorkerPool]]


@pytest.fixture
def pool_of() -> Iterator[Make]:
    """A pool over a fake server with these scripts; its descriptors are closed afterwards."""
    made: list[FakeServer] = []

    def make(
        *scripts: tuple[Message | bytes, ...], reusable: bool = False
    ) -> tuple[FakeServer, WorkerPool]:
        made.append(FakeServer(*scripts, reusable=reusable))
        return made[-1], WorkerPool(made[-1], LOAD, QUICK)

    yield make
    for server in made:
        server.close()


def refusal(step: Callable[..., object], *arguments: object) -> tuple[Verdict, str]:
    with pytest.raises(Fault) as raised:
        step(*arguments)
    return raised.value.verdict, raised.value.message


# --- what is heard of a worker ----------------------------------------------------------------


def test_a_request_is_put_and_its_reply_is_what_came(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {"results": [torch.ones(2)]}))
    conversation = Conversation(pool)
    reply = conversation.run({"ask": "run", "calls": [torch.arange(3)]})
    assert torch.equal(reply["results"][0], torch.ones(2))
    load, run = server.puppets[0].heard()
    assert load == {"ask": "load", **LOAD}
    assert torch.equal(run["calls"][0], torch.arange(3))


def test_the_account_of_loading_is_given_once_and_only_in_its_form(pool_of: Make) -> None:
    server, pool = pool_of(({**LOADED, "verdict": "accepted"},))
    conversation = Conversation(pool)
    expected = {
        "name": "attend",
        "notes": ["a note"],
        "absent": [],
        "lacks": [],
    }
    assert conversation.open() == conversation.open() == expected
    assert len(server.workers) == 1
    assert server.started == server.workers, "starting a process is not the candidate's time"


FORGED = [
    {},
    {"error": None},
    {**LOADED, "notes": None},
    {"error": "x"},
    {"error": {}},
    {"error": {"type": "E", "message": "m", "frames": [{}]}},
    {"error": [1, 2]},
]


@pytest.mark.parametrize("account", FORGED, ids=str)
def test_a_forged_account_of_loading_is_the_candidates_fault(
    pool_of: Make, account: Message
) -> None:
    _, pool = pool_of((account,))
    verdict, message = refusal(Conversation(pool).open)
    assert verdict is Verdict.RUNTIME_ERROR
    assert "malformed" in message


def load_error(kind: str, message: str = "", **more: object) -> Message:
    frame = {"line": 3, "function": "f", "text": "x = y"}
    error = {"stage": "import", "type": kind, "message": message, "frames": [frame], **more}
    return {"error": error}


@pytest.mark.parametrize(
    ("account", "verdict", "said"),
    [
        (load_error("NameError", "no y"), "invalid_submission", "cannot be imported: NameError"),
        (load_error("", "no `f(x)`: found g", stage="entry"), "invalid_submission", "no `f(x)`"),
        (load_error("ModuleNotFoundError", "No module", missing="einops"), "invalid_submission",
         "imports `einops`, which is not installed"),
        (load_error("MemoryError"), "memory_limit", "asked for more memory than the limit"),
    ],
)  # fmt: skip
def test_why_a_submission_does_not_load_is_said(
    pool_of: Make, account: Message, verdict: str, said: str
) -> None:
    _, pool = pool_of((account,))
    conversation = Conversation(pool)
    got, message = refusal(conversation.open)
    assert got == verdict
    assert message.startswith(said)
    with pytest.raises(Fault) as again:  # nor does a request make it load
        conversation.run({"ask": "run"})
    assert again.value.verdict == verdict


def test_the_line_that_does_not_load_is_shown(pool_of: Make) -> None:
    _, pool = pool_of((load_error("NameError", "no y"),))
    with pytest.raises(Fault) as raised:
        Conversation(pool).open()
    (frame,) = raised.value.evidence.frames
    assert (frame.line, frame.text) == (3, "x = y")


# --- silence ----------------------------------------------------------------------------------


def test_a_silent_worker_is_a_time_limit(pool_of: Make) -> None:
    _, pool = pool_of((LOADED,))
    assert refusal(Conversation(pool).run, {}) == (Verdict.TIME_LIMIT, "no answer within 0.06 s")


def test_a_worker_that_does_not_read_is_a_time_limit(pool_of: Make) -> None:
    _, pool = pool_of((LOADED,))
    verdict, message = refusal(Conversation(pool).run, {"x": torch.zeros(1 << 21)})
    assert verdict is Verdict.TIME_LIMIT
    assert message == "did not read its input within 0.06 s"


def test_half_a_reply_is_a_time_limit(pool_of: Make) -> None:
    _, pool = pool_of((LOADED, pack({"results": []})[:-1]))
    assert refusal(Conversation(pool).run, {})[0] is Verdict.TIME_LIMIT


def test_patience_shrinks_with_every_hang_and_ends(pool_of: Make) -> None:
    server, pool = pool_of(*[(LOADED,)] * 4)
    said = [refusal(Conversation(pool).run, {})[1] for _ in range(4)]
    assert said[:3] == [f"no answer within {seconds:g} s" for seconds in QUICK]
    assert said[3] == "not tried: requests before this one hung"
    after = len(server.workers)
    refusal(Conversation(pool).run, {})
    assert len(server.workers) == after, "nothing is started in vain"


def test_every_kind_of_hang_shortens_patience(pool_of: Make) -> None:
    """Whoever does not read would otherwise cost the full time in every check."""
    _, pool = pool_of((LOADED,), (LOADED,))
    refusal(Conversation(pool).run, {"x": torch.zeros(1 << 21)})
    assert refusal(Conversation(pool).run, {})[1] == "no answer within 0.04 s"


def test_a_crash_costs_no_patience(pool_of: Make) -> None:
    _, pool = pool_of((LOADED, HANG_UP), (LOADED,))
    refusal(Conversation(pool).run, {})
    assert refusal(Conversation(pool).run, {})[1] == "no answer within 0.06 s"


def test_loading_may_take_longer_than_a_request(pool_of: Make) -> None:
    server, pool = pool_of((), ())
    seconds = LOAD_PATIENCE * QUICK[0]
    assert refusal(Conversation(pool).open)[1] == f"no answer within {seconds:g} s"
    server.start_seconds = 0.2  # an accelerator's worker imports torch first
    assert refusal(Conversation(pool).open)[1] == "no answer within 0.2 s"


# --- death and nonsense -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "verdict", "said"),
    [
        ((int(signal.SIGSEGV), 0), Verdict.RUNTIME_ERROR, "the process died of SIGSEGV"),
        ((int(signal.SIGKILL), BIG), Verdict.RUNTIME_ERROR, "the process died of SIGKILL"),
        ((int(signal.SIGKILL), BIG + 1), Verdict.MEMORY_LIMIT, "it took too much memory"),
        ((int(signal.SIGSEGV), BIG + 1), Verdict.RUNTIME_ERROR, "the process died of SIGSEGV"),
        ((40, 0), Verdict.RUNTIME_ERROR, "the process died of signal 40"),
        ((3 << 8, 0), Verdict.RUNTIME_ERROR, "the process ended itself with exit status 3"),
        ((0, 0), Verdict.RUNTIME_ERROR, "the process ended itself with exit status 0"),
    ],
)
@pytest.mark.parametrize("during", ["load", "run"])
def test_a_death_is_told_by_its_cause(
    pool_of: Make, end: tuple[int, int], verdict: Verdict, said: str, during: str
) -> None:
    server, pool = pool_of((HANG_UP,) if during == "load" else (LOADED, HANG_UP))
    server.end = lambda: end
    got, message = refusal(Conversation(pool).run, {})
    assert got is verdict
    assert said in message


def test_a_worker_that_dies_before_it_was_asked_is_told_in_the_same_way(pool_of: Make) -> None:
    server, pool = pool_of((LOADED,))
    server.end = lambda: (int(signal.SIGABRT), 0)
    conversation = Conversation(pool)
    conversation.open()
    server.puppets[0].socket.close()
    verdict, message = refusal(conversation.run, {"x": torch.zeros(1 << 21)})
    assert (verdict, message) == (Verdict.RUNTIME_ERROR, "the process died of SIGABRT")


def test_a_server_that_is_gone_is_what_is_told(pool_of: Make) -> None:
    def gone() -> tuple[int, int]:
        raise ServerGone

    server, pool = pool_of((LOADED, HANG_UP))
    server.end = gone
    assert "leave others alone" in refusal(Conversation(pool).run, {})[1]


NONSENSE = {
    "no JSON": PREFIX.pack(2, 0) + b"{]",
    "no object": PREFIX.pack(2, 0) + b"[]",
    "no tensors": PREFIX.pack(2, 4) + b"{}junk",
    "too long": PREFIX.pack(1 << 40, 0),
    "nested": PREFIX.pack(100_000, 0) + b"[" * 100_000,
}


@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_instead_of_a_reply_is_a_runtime_error(pool_of: Make, frame: bytes) -> None:
    _, pool = pool_of((LOADED, frame))
    verdict, message = refusal(Conversation(pool).run, {})
    assert verdict is Verdict.RUNTIME_ERROR
    assert message.startswith("something else wrote into the answer")


@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_against_the_clock_is_a_runtime_error(pool_of: Make, frame: bytes) -> None:
    _, pool = pool_of((LOADED, {}, {}, frame))
    assert refusal(Conversation(pool).clocked, {})[0] is Verdict.RUNTIME_ERROR


# --- which worker is asked, and what becomes of it --------------------------------------------


def test_the_spare_is_begun_while_the_judge_waits(pool_of: Make) -> None:
    """It is there, and has its source, although the first worker has not answered yet."""
    server, pool = pool_of((LOADED,))
    refusal(Conversation(pool).run, {})
    assert len(server.workers) == 2
    assert server.puppets[1].heard() == [{"ask": "load", **LOAD}]


def test_the_next_check_gets_the_spare(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {"n": 1}), (LOADED, {"n": 2}))
    first, second = Conversation(pool), Conversation(pool)
    assert first.run({}) == {"n": 1}
    assert second.run({}) == {"n": 2}
    assert second.worker is server.workers[1]


def test_only_one_spare_is_kept_ready(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {}, {}, {}))
    conversation = Conversation(pool)
    for _ in range(3):
        conversation.run({})
    assert len(server.workers) == 2


def test_where_workers_are_dear_no_spare_is_begun(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {}), reusable=True)
    Conversation(pool).run({})
    assert len(server.workers) == 1


def test_a_sound_worker_that_did_nothing_is_put_back(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {"n": 1}))
    first = Conversation(pool)
    first.open()
    first.close()
    assert server.retired == []
    second = Conversation(pool)
    assert second.run({}) == {"n": 1}
    assert second.worker is server.workers[0]
    assert [frame["ask"] for frame in server.puppets[0].heard() if frame] == ["load"]


@pytest.mark.parametrize("ask", ["run", "clocked"])
def test_a_worker_that_worked_serves_no_other_check(pool_of: Make, ask: str) -> None:
    """What it keeps in globals, caches and threads would show in the next one."""
    server, pool = pool_of((LOADED, {}, {}, {}), (LOADED,))
    first, second = Conversation(pool), Conversation(pool)
    getattr(first, ask)({})
    second.open()  # and so there is no spare any more
    first.close()
    assert server.retired == server.workers[:1]


def test_an_unsound_worker_is_retired(pool_of: Make) -> None:
    for script in [(HANG_UP,), (), (NONSENSE["no JSON"],)]:
        server, pool = pool_of(script)
        conversation = Conversation(pool)
        refusal(conversation.open)
        conversation.close()
        assert server.retired == server.workers
        assert conversation.worker is None


def test_where_workers_are_dear_a_sound_one_serves_the_next_check(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {"n": 1}, {"n": 2}), reusable=True)
    for n in (1, 2):
        conversation = Conversation(pool)
        assert conversation.run({}) == {"n": n}
        conversation.close()
    assert len(server.workers) == 1
    assert server.retired == []


def test_and_an_unsound_one_does_not(pool_of: Make) -> None:
    server, pool = pool_of((LOADED,), (LOADED, {"n": 2}), reusable=True)
    hung = Conversation(pool)
    refusal(hung.run, {})
    hung.close()
    assert server.retired == server.workers
    assert Conversation(pool).run({}) == {"n": 2}


def test_closing_the_pool_leaves_no_worker(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {}))
    conversation = Conversation(pool)
    conversation.run({})
    conversation.close()
    pool.close()
    pool.close()
    assert server.retired == server.workers


def test_a_conversation_that_asked_nothing_took_nobody(pool_of: Make) -> None:
    server, pool = pool_of()
    Conversation(pool).close()
    assert server.workers == []


# --- the clock and the prints -----------------------------------------------------------------


def test_the_word_to_go_comes_after_the_inputs(
    pool_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, pool = pool_of((LOADED, {}, {}, {"n": 1}))
    clock = iter([Moment(10.0), Moment(12.0), Moment(15.0), Moment(19.0)])
    monkeypatch.setattr(Conversation, "moment", lambda _: next(clock))
    reply, work, way = Conversation(pool).clocked({"ask": "run", "x": 5})
    assert (reply, work, way) == ({"n": 1}, 3.0, 2.0 + 4.0)
    asked = server.puppets[0].heard()
    assert asked[1:] == [{"ask": "stage", "x": 5}, {"ask": "go"}, {"ask": "fetch"}]


QUIET = Moment(wall=5.0, worked=2.0, queued=1.0, elsewhere=1.0)
LATER = {
    "at work": (Moment(8.0, 5.0, 1.0, 1.0), 3.0),
    "at work in two threads": (Moment(8.0, 8.0, 1.0, 1.0), 6.0),
    "asleep, or waiting for a process": (Moment(8.0, 2.0, 1.0, 1.0), 3.0),
    "waiting for a processor": (Moment(8.0, 2.5, 3.5, 1.0), 0.5),
    "while the judge was": (Moment(8.0, 2.5, 1.0, 3.5), 0.5),
    "never less than it worked": (Moment(8.0, 2.5, 9.0, 9.0), 0.5),
    "where the system does not tell": (Moment(8.0), 3.0),
}


@pytest.mark.parametrize("what", LATER)
def test_a_workers_own_time_is_what_it_works_and_sleeps(what: str) -> None:
    later, seconds = LATER[what]
    assert QUIET.until(later) == pytest.approx(seconds)
    assert Moment(5.0).until(later) == 3.0, "nor if it did not tell to begin with"


@pytest.mark.skipif(sys.platform != "linux", reason="told by Linux alone")
def test_the_kernel_tells_what_a_process_has_had() -> None:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        begun = moment(process.pid)
        while process.poll() is None and (moment(process.pid).worked or 0.0) < 0.3:
            time.sleep(0.01)
        assert begun.until(moment(process.pid)) > 0.05
    finally:
        process.kill()
        process.wait()
    assert moment(process.pid).worked is None, "nothing of who is gone"
    assert moment(None).worked is None


def clocks(monkeypatch: pytest.MonkeyPatch, *moments: Moment) -> list[Moment]:
    """Has the clocks say this, one moment after another; returns those that are still to come."""
    left = list(moments)
    monkeypatch.setattr(module, "moment", lambda _: left.pop(0))
    return left


def test_who_waits_for_a_processor_is_given_more_time(
    pool_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, pool = pool_of((LOADED,))
    worker = pool.take()
    pool.listen(worker, 1.0)
    queued = [Moment(0.0, 0.0), Moment(0.1, 0.01, 0.09), Moment(0.2, 0.02, 0.18)]
    left = clocks(monkeypatch, *queued, Moment(0.3, 0.1, 0.2))
    assert refusal(pool.listen, worker, 0.05)[1] == "no answer within 0.05 s"
    assert left == [], "twice it was queued, then at work"


def test_but_not_for_ever(pool_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _, pool = pool_of((LOADED,))
    worker = pool.take()
    pool.listen(worker, 1.0)
    late = BACKSTOP * 0.05 + 0.01
    left = clocks(monkeypatch, Moment(0.0, 0.0), Moment(late, 0.0, late), Moment(99.0, 0.0, 99.0))
    assert refusal(pool.listen, worker, 0.05)[0] is Verdict.TIME_LIMIT
    assert len(left) == 1


def test_trusted_code_is_loaded_once(pool_of: Make) -> None:
    server, _ = pool_of((LOADED, {"n": 1}, {"n": 2}))
    pool = WorkerPool(server, LOAD, QUICK, trusted=True)
    for n in (1, 2):
        conversation = Conversation(pool)
        assert conversation.run({}) == {"n": n}
        conversation.close()
    assert len(server.workers) == 1


def test_nobody_else_works_during_a_timed_request(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, {}, {}, {}, {}))
    conversation = Conversation(pool)
    conversation.prepare({})
    conversation.clocked({})
    assert len(server.workers) == 1


@pytest.mark.parametrize(
    "script",
    [(LOADED,), (LOADED, {}), (LOADED, {}, {})],
)
def test_a_hang_against_the_clock_is_a_time_limit(
    pool_of: Make, script: tuple[Message | bytes, ...]
) -> None:
    _, pool = pool_of(script)
    assert refusal(Conversation(pool).clocked, {})[0] is Verdict.TIME_LIMIT


def test_what_was_printed_is_kept_talk_by_talk_up_to_a_bound(pool_of: Make) -> None:
    server, pool = pool_of((LOADED,), (LOADED,), (LOADED,))
    talks = [Conversation(pool) for _ in range(3)]
    for n, text in enumerate((b"one ", b"two " + b"x" * 60_000, b"y" * 60_000)):
        talks[n].open()
        os.write(server.puppets[n].output, text)
    for talk in reversed(talks):  # the order in which they end is a matter of chance
        talk.close()
    assert pool.printed.startswith(b"one two xxx")
    assert len(pool.printed) == 64 * 1024


def test_what_was_printed_before_a_crash_is_kept(pool_of: Make) -> None:
    server, pool = pool_of((LOADED, HANG_UP))
    conversation = Conversation(pool)
    conversation.open()
    os.write(server.puppets[0].output, b"so far")
    refusal(conversation.run, {})
    conversation.close()
    assert bytes(pool.printed) == b"so far"
