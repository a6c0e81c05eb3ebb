"""Whether the experiments of a kata show what they say: of the solution, and of each mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.bank.draw import Draw
from grader.exchange.local import LazySolution, load_variant
from grader.exchange.matching import Unmatched
from grader.judge.experiments.declared import outcome_of, request_of
from grader.judge.experiments.experiment import RIGHT, Experiment, declared
from grader.kata.kata import Kata, KataError
from grader.kata.mutants import Pitfall
from grader.report.verdict import Fault


def unlike(kata: Kata, pitfalls: Sequence[Pitfall], seed: int) -> Iterator[str]:
    """Outcomes that do not come out where the experiment says they do, as sentences."""
    try:
        experiments = declared(kata)
    except KataError:
        return  # the paperwork's own complaint
    known = {pitfall.id: pitfall for pitfall in pitfalls}
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    for experiment in experiments:
        for key in experiment.told_apart:
            if key != RIGHT and key not in known:
                yield f"experiment {experiment.id}: `{key}` is no pitfall of this kata"
                continue
            edit = None if key == RIGHT else known[key].edits[0]
            text = solution.text if edit is None else edit.apply(solution.text)
            if text is None:
                yield f"experiment {experiment.id}: `{key}` has no place in the solution"
                continue
            happened = _happened(experiment, solution, text, seed)
            if happened != key:
                yield f"experiment {experiment.id}: `{key}` comes out as {happened}"


def _happened(experiment: Experiment, solution: LazySolution, text: str, seed: int) -> str:
    kata = solution.kata
    try:
        variant = load_variant(kata, text)
        request = request_of(experiment, kata, variant.layout, Draw(seed, experiment.id))
        return outcome_of(experiment, kata, request, variant.answers, solution)[0]
    except (Fault, Unmatched) as error:
        return f"an error, {error}"
