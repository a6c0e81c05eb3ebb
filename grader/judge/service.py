"""A judge in a process of its own, for whoever has to stay awake while it grades.

A terminal that shows a clock, or a notebook's kernel, does not stand still while something is
graded, and has neither torch nor a bank in its own process. Orders come as lines of JSON, answers
go back as lines of JSON; the process ends when nobody can give orders any more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.judge.session import Session
from grader.judge.source import Source
from grader.kata.kata import Kata, find
from grader.kata.refused import Refused
from grader.report.archive import pack_check, pack_report
from grader.report.verdict import Fault

Say = Callable[[str, Any], None]


def main() -> None:
    """Grade what is ordered on descriptor 0 and answer on descriptor 1, which is nobody else's."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 1)

    def say(kind: str, body: Any) -> None:
        answers.write(json.dumps({"kind": kind, "body": body}) + "\n")
        answers.flush()

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for who shows the clock
    try:
        serve(sys.argv[1], sys.stdin.buffer.readline, say)
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(0)
    os._exit(0)  # with torch loaded, an orderly end takes a tenth of a second and more


def serve(device: str, order: Callable[[], bytes], say: Say) -> None:
    """Import torch at once, then do what is ordered until nothing comes any more."""
    try:
        with Session(device) as session:
            say("ready", None)
            while line := order():
                _obey(session, json.loads(line), say)
    except Refused as refused:  # there is no such device
        say("refused", str(refused))


def _obey(session: Session, order: dict[str, Any], say: Say) -> None:
    kata = find(order["kata"])
    source = Source(Path(order["path"]), order["text"], order["sha256"])
    try:
        if order["do"] == "grade":
            report = session.grade(
                kata, source, order["seed"], lambda check: say("check", pack_check(check))
            )
            say("report", pack_report(report))
        else:
            say("seen", _observe(session, kata, source, order))
    except Fault as fault:
        say("fault", [fault.verdict.value, fault.message])
    except Refused as refused:
        say("refused", str(refused))
    except Exception as error:
        if os.environ.get("KATA_DEBUG"):
            raise
        say("broken", f"{type(error).__name__}: {error}")


def _observe(session: Session, kata: Kata, source: Source, order: dict[str, Any]) -> dict[str, Any]:
    from grader.judge.experiments.observe import observe

    seen = observe(kata, source, session.server, order["experiment"], order["seed"])
    return {"experiment": seen.experiment, "happened": seen.happened, "said": list(seen.said)}
