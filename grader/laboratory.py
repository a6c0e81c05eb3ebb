"""Run an experiment on a candidate's own code, and say what really came out.

The submission runs in a worker, as in a grade, a fresh one for each request. What it raises is an
outcome like any other; only a submission that cannot be loaded is a Fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.desk import Desk, load_message
from grader.experiment import EXPERIMENTS, Seen
from grader.kata import Kata, KataError
from grader.pool import Server
from grader.solution import LazySolution, learn_layout
from grader.submission import Source
from grader.trials import TRIALS, Subject
from grader.verdict import Fault, Verdict
from grader.weights import Unmatched
from grader.workshop import PATIENCE, Workshop


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

    Raises Fault where it cannot be loaded or lacks the kata's weights, KataError where the
    experiment cannot be asked of this kata.
    """
    experiment = EXPERIMENTS.get(name)
    if experiment is None:
        raise KataError(f"there is no experiment `{name}`: there are {', '.join(EXPERIMENTS)}")
    if not experiment.applies(kata):
        raise KataError(f"experiment `{name}` cannot be asked of kata `{kata.slug}`")
    shop = Workshop(server, load_message(kata, source.text), patience)
    try:
        subject = _admit(kata, shop, seed)
        happened, said = TRIALS[name](subject)
    finally:
        shop.close()
    return Seen(name, happened, said)


def _admit(kata: Kata, shop: Workshop, seed: int) -> Subject:
    desk = Desk(shop)
    try:
        desk.open()
        layout = learn_layout(kata, desk.run)
    except Unmatched as error:
        raise Fault(Verdict.INVALID_SUBMISSION, str(error)) from None
    finally:
        desk.close()
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    return Subject(kata, shop, layout, solution, seed)
