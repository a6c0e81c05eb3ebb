"""Which mistakes are named in a text, told in this process: no worker, no clock, a second each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

import torch

from grader.bank.candidate import Candidate
from grader.bank.draw import Draw
from grader.diagnosis.convention import nearest
from grader.diagnosis.search import diagnose
from grader.diagnosis.structure import diagnose_structure
from grader.exchange.layout import Layout
from grader.exchange.local import LazySolution, Variant, load_variant
from grader.exchange.matching import Unmatched
from grader.judge.bank_run import CandidateFor, Judge, Selection, run_bank
from grader.kata.kata import Kata
from grader.kata.mutants import Mutant, singles
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import Diagnosis, Fault
from grader.worker.entry import load

TWINS = {
    "key-for-value": {"projection-reused"},
    "split-order": {"query-key-swapped"},
    "fused-order": {"query-key-swapped"},
    "further-parameters": {"result-normalised"},
    "integer-frequencies": {"one-frequency"},
    "context-normalised": {"further-parameters"},
}
"""Mistakes that answers cannot tell apart: the key handed over as value or projected as value, the
key asking or projected by the query's rows; a norm is a parameter too many as well, and exponents
that are divided whole are 0."""
UNTOLD = {"backward-of-the-last-call", "fused-by-groups", "window-kept", "bias-kept"}
"""Mistakes that are refused and do not get their own name: three show only over several calls, in
an order that no question has, and of the rows of a group each is still its own."""


def diagnosis(kata: Kata, text: str, seed: int) -> Diagnosis:
    """What a grade of this text says of its mistakes; what the clock alone sees is left out."""
    torch.set_num_threads(1)
    solution = LazySolution(kata, kata.solution.read_text(encoding="utf-8"))
    try:
        variant = load_variant(kata, text, truth=solution.answers)
    except (Fault, Unmatched) as failure:
        shapes = failure.shapes if isinstance(failure, Unmatched) else ()
        matched = not str(failure).startswith("cannot be imported")
        run = Variant(kata, load(text, kata.entry), Layout()).run if matched else None
        return diagnose_structure(kata, failure, shapes, text, run=run, seed=seed)
    candidate_for = partial(_candidate, kata, variant, solution, seed)

    @contextlib.contextmanager
    def one_worker() -> Iterator[CandidateFor]:
        yield candidate_for

    judge = Judge(kata, one_worker, seed, selection=Selection(without=("budget",)))
    checks = run_bank(judge)
    asked = {name: candidate.exchanges for name, candidate in judge.candidates.items()}
    if all(check.passed for check in checks):
        return Diagnosis()
    ways = nearest(kata, [e for each in asked.values() for e in each], variant.layout)
    return diagnose(
        kata,
        checks,
        asked,
        variant.layout,
        text,
        texts=[way.text for way in ways],
        ask=candidate_for("diagnosis").ask,
        run=variant.run,
        seed=seed,
    )


def _candidate(
    kata: Kata, variant: Variant, solution: LazySolution, seed: int, check: str
) -> Candidate:
    return Candidate(
        kata,
        variant.layout,
        variant.run,
        Draw(seed, f"{check}, weights"),
        reference=solution.answers,
        lacks=variant.loaded.lacks,
    )


def first_edits(kata: Kata) -> list[Mutant]:
    """Of every mistake of a kata's that answers show, the solution with its first edit."""
    text = kata.solution.read_text(encoding="utf-8")
    first: dict[str, Mutant] = {}
    for mutant in singles(load_pitfalls(kata), text):
        first.setdefault(mutant.pitfalls[0].id, mutant)
    told = (m for m in first.values() if m.pitfalls[0].id not in UNTOLD)
    return [m for m in told if not (m.pitfalls[0].remark or m.pitfalls[0].grows)]


def own_name(mutant: Mutant, found: Diagnosis) -> bool:
    """Whether a mistake is called by its own name, or by that of one it cannot be told from."""
    own = mutant.pitfalls[0].id
    return bool({own, *TWINS.get(own, ())} & {f.pitfall for f in found.findings})
