"""Layers that cannot be built, whose weights fit no role, or that have a projection too many.

A layer with a projection more or less than asked is not that of the kata any more, and what else is
the matter with it would not show: its own further projection is filled by chance. So it is examined
as the layer of another kata, the same but for that role, beside the solution with the same change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from grader.bank.candidate import Candidate, Runner
from grader.bank.draw import Draw
from grader.diagnosis.comparison import alike
from grader.diagnosis.explanation import Examination
from grader.diagnosis.finding import finding_of, pointed, told_of
from grader.diagnosis.guard import Guard
from grader.diagnosis.readings.structure import structure
from grader.exchange.layout import Layout
from grader.exchange.learning import learn_layout
from grader.exchange.local import load_variant
from grader.exchange.matching import Unmatched
from grader.kata.kata import Kata, Role
from grader.kata.mutants import Mutant, Pitfall, singles
from grader.kata.pitfalls import load_pitfalls
from grader.kata.vocabulary import Value, values
from grader.report.verdict import MEASURED, PROVED, Diagnosis, Fault, Finding

OUTPUT = "output"
"""The role that layers have too many of, or lack."""
DIVIDED = 48
"""A width that the usual numbers of heads divide."""
MOST = 4
"""More findings than this are not told at once."""
CHANGED = ("no-output-projection", "extra-output-projection")
"""Values whose edit changes the roles that a layer has."""


@dataclass
class Differently:
    """A submission as the layer of its kata with an output projection less, or one more."""

    kata: Kata
    run: Runner
    seed: int
    source: str
    guard: Guard = field(default_factory=Guard)

    def wider(self) -> tuple[Finding, ...]:
        """What is the matter with a layer that can be built at some widths only."""
        entry = self.kata.entry
        width = entry.meaning("width")
        if width is None or entry.meaning("heads") is not None:
            return ()
        wide = (replace(p, probe=DIVIDED) if p.name == width else p for p in entry.construct)
        kata = replace(self.kata, entry=replace(entry, construct=tuple(wide)))
        return self._told(kata, kata.solution.read_text(encoding="utf-8"))

    def findings(self) -> tuple[Finding, ...]:
        """That it has other roles, and what else is the matter; nothing where it has not."""
        text = self.kata.solution.read_text(encoding="utf-8")
        value = next((v for v in values(self.kata, text) if self._changes(v)), None)
        edited = value.pitfall.edits[0].apply(text) if value is not None else None
        if value is None or edited is None:
            return ()
        return self._told(replace(self.kata, roles=self._roles()), edited, value)

    def _told(self, kata: Kata, text: str, value: Value | None = None) -> tuple[Finding, ...]:
        """What there is to say of it as the layer of that kata; nothing where it is none."""
        try:
            solution = load_variant(kata, text)
            layout = learn_layout(kata, self.run, solution.answers)
        except (Fault, Unmatched):
            return ()
        if layout.extras:
            return ()
        draw = Draw(self.seed, "otherwise")
        ask = Candidate(kata, layout, self.run, draw, reference=solution.answers).ask
        training = kata.entry.meaning("dropout") is not None
        examination = Examination(kata, layout, ask, text, self.seed, training, self.guard)
        found = examination.explain(())
        whole = not found.left and not found.measured
        told = told_of(examination, found, self.source, proved=whole)
        if value is None:
            return told
        return (pointed(value, self.source, PROVED if whole else MEASURED), *told)

    def _changes(self, value: Value) -> bool:
        return value.id in CHANGED and bool(value.pitfall.edits)

    def _roles(self) -> dict[str, Role]:
        """Without the output projection, or with one of the value's size."""
        roles = {name: role for name, role in self.kata.roles.items() if name != OUTPUT}
        if OUTPUT not in self.kata.roles:
            roles[OUTPUT] = replace(roles["value"], width=roles["value"].out, names=())
        return roles


def further(kata: Kata, layout: Layout, source: str) -> Finding:
    """That a layer has parameters besides its projections, and which."""
    known = values(kata, kata.solution.read_text(encoding="utf-8"))
    value = next(v for v in known if v.id == "further-parameters")
    words = f"besides the projections there are {', '.join(layout.extras)}"
    return replace(pointed(value, source, PROVED), seen=words)


def diagnose_structure(
    kata: Kata,
    failure: Fault | Unmatched,
    shapes: Sequence[tuple[int, ...]],
    source: str = "",
    *,
    run: Runner | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Name the mistake of a submission that could not be built, or whose weights fit no role.

    A mistake is named where it is the only known one that fails in this way, or shapes tell it.
    `run` puts questions to the submission, so that what else is wrong with it is named as well.
    """
    if isinstance(failure, Unmatched) and run is not None:
        otherwise = Differently(kata, run, seed, source).findings()
        if otherwise:
            return Diagnosis(otherwise[:MOST], 1, 1)
    text = kata.solution.read_text(encoding="utf-8")
    pitfalls = [p for p in load_pitfalls(kata) if not p.remark]
    found: list[Pitfall] = []
    for mutant in singles(pitfalls, text):
        if _fails_alike(kata, mutant, failure, shapes) and mutant.pitfalls[0] not in found:
            found.append(mutant.pitfalls[0])
    if isinstance(failure, Fault) and run is not None:
        otherwise = Differently(kata, run, seed, source).wider()
        if otherwise:
            return Diagnosis(otherwise[:MOST], 1, 1)
    if len(found) == 1:
        return Diagnosis((finding_of(found[0], source, PROVED),), 1, 1)
    reading = structure(kata, shapes)
    if reading is None:
        return Diagnosis(failing=1)
    value = next(v for v in values(kata, text) if v.id == reading.value)
    finding = replace(pointed(value, source, MEASURED), seen=reading.words)
    return Diagnosis((finding,), 1, 1)


def _fails_alike(
    kata: Kata, mutant: Mutant, failure: Fault | Unmatched, shapes: Sequence[tuple[int, ...]]
) -> bool:
    try:
        load_variant(kata, mutant.text)
    except Unmatched as ours:
        return isinstance(failure, Unmatched) and sorted(ours.shapes) == sorted(shapes)
    except Fault as ours:
        return isinstance(failure, Fault) and alike(ours, failure)
    return False
