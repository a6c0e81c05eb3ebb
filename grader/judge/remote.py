"""The other end of `service`: a judge that is asked from a process which does not import torch."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self, cast

from grader.judge.experiments.experiment import Seen
from grader.judge.session import fresh_seed
from grader.judge.source import (
    Cancelled,
    Opened,
    Source,
    open_bytes,
    open_submission,
    parse,
    read,
    report_failure,
)
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.archive import unpack_check, unpack_report
from grader.report.verdict import Check, Fault, Report, Verdict

OnCheck = Callable[[Check], None]

BEGIN = "import sys; sys.path[:] = sys.argv[2:]; from grader.judge.service import main; main()"
"""The import path is this process's own, wherever the judge is started."""

END_SECONDS = 10.0
"""What a judge that was told to end may take to clear its workers away."""


class _Broken(Exception):
    """The judge is not what it was: a submission may have ended the server of its workers."""


class RemoteJudge:
    """A warm judge in a process of its own: begun at once, ready when torch is imported.

    Calls wait for their answer; `cancel` from another thread calls them off. A context manager.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: list[subprocess.Popen[bytes]] = []
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin the process if it is not there; does not wait until it is ready."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", BEGIN, self.device, *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("KATA_DEBUG") else subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int | None:
        """The judge's process, while there is one."""
        return None if self._process is None else self._process.pid

    def grade_file(
        self, kata: Kata, path: Path, seed: int | None = None, on_check: OnCheck | None = None
    ) -> Report:
        """Grade what a file holds now. Raises Refused (no such file or device) or Cancelled."""
        seed = fresh_seed() if seed is None else seed
        opened = open_submission(kata, path, seed=seed, device=self.device)
        return self._grade(kata, opened, seed, on_check)

    def grade_text(
        self, kata: Kata, path: Path, text: str, seed: int | None = None,
        on_check: OnCheck | None = None,
    ) -> Report:  # fmt: skip
        """Grade a text as if it stood in a file called `path`."""
        seed = fresh_seed() if seed is None else seed
        opened = open_bytes(kata, path, text.encode(), seed=seed, device=self.device)
        return self._grade(kata, opened, seed, on_check)

    def experiment(self, kata: Kata, path: Path, name: str, seed: int | None = None) -> Seen:
        """What a submission really does in an experiment; raises Fault where it cannot run."""
        source = parse(path, read(path), kata.text("stub.py"))
        seed = fresh_seed() if seed is None else seed
        found = self._ask(kata, source, {"do": "observe", "experiment": name, "seed": seed}, None)
        return Seen(found["experiment"], found["happened"], tuple(found["said"]))

    def cancel(self) -> None:
        """Call off whatever is being waited for; the next call begins a new process."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            self._ending.append(process)

    def close(self) -> None:
        """End the process, and wait until it has cleared everything away."""
        process, self._process = self._process, None
        if process is not None:
            self._ending.append(process)
            process.terminate()
        while self._ending:
            _collect(self._ending.pop())

    # --- the conversation ---------------------------------------------------------------------

    def _grade(self, kata: Kata, opened: Opened, seed: int, on_check: OnCheck | None) -> Report:
        if not isinstance(opened, Source):
            return opened
        begun = time.perf_counter()
        try:
            report: Report = self._ask(kata, opened, {"do": "grade", "seed": seed}, on_check)
            report = replace(report, seconds=time.perf_counter() - begun)  # those waited
        except Exception as error:
            return report_failure(kata, opened, error, seed=seed, device=self.device)
        return report

    def _ask(
        self, kata: Kata, source: Source, order: dict[str, Any], on_check: OnCheck | None
    ) -> Any:
        with self._turn:
            self.start()
            process = self._process
            assert process is not None
            message = order | {
                "kata": kata.slug, "path": str(source.path),
                "text": source.text, "sha256": source.sha256,
            }  # fmt: skip
            try:
                sent = cast(IO[bytes], process.stdin)
                sent.write(json.dumps(message).encode() + b"\n")
                sent.flush()
                return self._answer(process, on_check)
            except (BrokenPipeError, EOFError, _Broken) as error:
                if self._process is not process:
                    raise Cancelled from None
                self.cancel()  # nor is one trusted any more that something broke
                self.start()
                said = str(error) if isinstance(error, _Broken) else "the judge's process ended"
                raise RuntimeError(said) from None

    def _answer(self, process: subprocess.Popen[bytes], on_check: OnCheck | None) -> Any:
        while True:
            line = cast(IO[bytes], process.stdout).readline()
            if not line.endswith(b"\n"):  # nothing, or what it could still say when it was ended
                raise EOFError
            answer = json.loads(line)
            kind, body = answer["kind"], answer["body"]
            if kind == "check":
                if on_check is not None:
                    on_check(unpack_check(body))
            elif kind != "ready":
                return _result(kind, body)


def _result(kind: str, body: Any) -> Any:
    if kind == "report":
        return unpack_report(body)
    if kind == "seen":
        return body
    if kind == "fault":
        raise Fault(Verdict(body[0]), body[1])
    if kind == "refused":
        raise Refused(body)
    raise _Broken(body)


def _collect(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
