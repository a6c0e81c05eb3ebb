"""Whether the experiments of a kata show what they say: of the solution, and of each mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.bank.draw import Draw
from grader.exchange.local import load_variant
from grader.exchange.matching import Unmatched
from grader.judge.experiments.declared import compared, request_of
from grader.judge.experiments.experiment import ANYWAY, RIGHT, Experiment, declared
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
    text = kata.solution.read_text(encoding="utf-8")
    for experiment in experiments:
        for key in dict(experiment.choices[: -len(ANYWAY)]):
            if key != RIGHT and key not in known:
                yield f"experiment {experiment.id}: `{key}` is no pitfall of this kata"
                continue
            edited = text if key == RIGHT else known[key].edits[0].apply(text)
            happened = _happened(experiment, kata, edited or text, seed)
            if happened != key:
                yield f"experiment {experiment.id}: `{key}` comes out as {happened}"


def _happened(experiment: Experiment, kata: Kata, text: str, seed: int) -> str:
    try:
        variant = load_variant(kata, text)
        request = request_of(experiment, kata, variant.layout, Draw(seed, experiment.id))
        return compared(experiment, kata, request, variant.answers)[0]
    except (Fault, Unmatched) as error:
        return f"an error, {error}"
