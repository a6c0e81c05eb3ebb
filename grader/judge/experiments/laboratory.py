"""Run an experiment on a candidate's own code, and say what really came out.

The submission runs in a worker, as in a grade, a fresh one for each request. What it raises is an
outcome like any other; only a submission that cannot be loaded is a Fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.exchange.local import LazySolution, learn_layout
from grader.exchange.matching import Unmatched
from grader.judge.conversation import PATIENCE, Conversation, WorkerPool, load_message
from grader.judge.experiments.experiment import EXPERIMENTS, Seen
from grader.judge.experiments.trials import TRIALS, Subject
from grader.judge.source import Source
from grader.judge.workers import Server
from grader.kata.kata import Kata
from grader.kata.refused import Refused
from grader.report.verdict import Fault, Verdict


def observe(
    kata: Kata,
    source: Source,
    server: Server,
    name: str,
    seed: int,
    *,
    patience: Sequence[float] = PATIENCE,
) -> Seen:
    """What the submission does in the experiment called `name`.

    Raises Fault where it cannot be loaded or lacks the kata's weights, Refused where the
    experiment cannot be asked of this kata.
    """
    experiment = EXPERIMENTS.get(name)
    if experiment is None:
        raise Refused(f"there is no experiment `{name}`: there are {', '.join(EXPERIMENTS)}")
    if not experiment.applies(kata):
        raise Refused(f"experiment `{name}` cannot be asked of kata `{kata.slug}`")
    pool = WorkerPool(server, load_message(kata, source.text), patience)
    try:
        subject = _admit(kata, pool, seed)
        happened, said = TRIALS[name](subject)
    finally:
        pool.close()
    return Seen(name, happened, said)


def _admit(kata: Kata, pool: WorkerPool, seed: int) -> Subject:
    conversation = Conversation(pool)
    try:
        conversation.open()
        layout = learn_layout(kata, conversation.run)
    except Unmatched as error:
        raise Fault(Verdict.INVALID_SUBMISSION, str(error)) from None
    finally:
        conversation.close()
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    return Subject(kata, pool, layout, solution, seed)
