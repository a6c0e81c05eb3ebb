"""From what a submission answers to what is the matter with it: asked, read, fitted, proved.

Its answers to the probes are read aspect by aspect; edits of the solution that show the same are
put together probe by probe; and the whole is held against every request that failed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from grader.bank.draw import Draw
from grader.diagnosis.comparison import Case, Suspect, distance
from grader.diagnosis.composition import compose
from grader.diagnosis.fit import Fit
from grader.diagnosis.guard import Guard
from grader.diagnosis.probes import Probe, probes
from grader.diagnosis.readings import behaviour, dropout, positions, result, visibility, weights
from grader.diagnosis.readings.reading import Reading, Seen
from grader.diagnosis.variants import Part, Parts, Variants
from grader.diagnosis.xray import WIDTH, Prepared, XRay, prepare
from grader.exchange.answer import Answer, Exchange
from grader.exchange.editing import Editing
from grader.exchange.layout import Layout
from grader.exchange.local import load_variant
from grader.exchange.request import Request
from grader.kata.kata import Kata
from grader.kata.vocabulary import Value, values
from grader.report.verdict import Fault, Verdict

EVALUATIONS = 700
"""Of edited solutions, for one submission: enough for four mistakes in most places."""
ALTERNATIVES = 12
"""So many other sets of edits are held against the failing cases."""
OTHER_WIDTH = 18
"""Of the second X-ray: whatever is no law of the width shows."""
HALF = 2e-2
"""How close answers have to be, as a share, where half precision is used inside."""
SIMPLE = ("one token", "one token of one", "even weights", "even weights again", "no mask")
RANDOM = "random-answers"
"""The value of a reading: the same call gives another answer each time."""
SHOWN_BY = {
    "asks": ("no mask",),
    "scores": ("no mask",),
    "scale": ("no mask",),
    "sums": ("no mask",),
    "residual": ("one token", "even weights", "even weights again", "no mask"),
    "result": ("one token", "even weights", "even weights again", "no mask"),
    "inputs": behaviour.KEPT,
    "state": ("call after call",),
    "length": ("a long sequence",),
    "visibility": ("even weights", "even weights again", "a long sequence"),
    "added": ("one token", "even weights", "even weights again"),
    "mask": ("mask for all", "mask for each", "mask of floats", "mask of whole numbers", "padding"),
    "dropout": ("in training", "in eval mode"),
}
"""Which probes a reading is about: explained by edits, they leave nothing to be measured."""
HOPELESS = (Verdict.TIME_LIMIT, Verdict.BANNED_CALL, Verdict.MEMORY_LIMIT)
"""What ends the questions: further ones would end alike."""
Ask = Callable[[Request], tuple[Answer, ...]]


@dataclass
class Explanation:
    """What was found: edits that explain answers, readings that deviate, and how sure it is."""

    parts: Parts = ()
    """Edits that are needed for the answers to be the submission's."""
    measured: list[tuple[Value, Reading]] = field(default_factory=list)
    """Readings that deviate and that no edit stands for."""
    explained: int = 0
    """How many failing cases the edits give to the letter."""
    left: int = 0
    """How many probes are answered otherwise than by the edits."""


@dataclass
class Examination:
    """One submission under examination, beside one way of solving its kata."""

    kata: Kata
    layout: Layout
    ask: Ask
    text: str
    seed: int
    training: bool = False
    """Whether there is reason to look at what is dropped in training."""
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        self.solution = load_variant(self.kata, self.text)
        self.editing = Editing(self.solution, self.text)
        self.values = values(self.kata, self.text)
        self.truths: dict[str, tuple[Answer, ...]] = {}
        drawn = probes(self.kata, self.layout, Draw(self.seed, "probes"))
        self.training = self.training or self.kata.entry.meaning("dropout") is None
        wanted = (probe for probe in drawn if self.training or probe.group != "dropout")
        self.probes = [probe for probe in wanted if self._answerable(probe)]
        self.exchanges: dict[str, Exchange] = {}
        self.hopeless = False

    def _answerable(self, probe: Probe) -> bool:
        """Whether the solution has an answer: a kata may refuse some sizes. It is kept."""
        try:
            self.truths[probe.name] = self._truth(probe.request)
        except Fault:
            return False
        return True

    def _truth(self, request: Request) -> tuple[Answer, ...]:
        return self.editing.answers(self.solution, request)

    def explain(self, cases: Sequence[Case]) -> Explanation:
        """The edits and readings that account for a submission's answers."""
        self.ask_probes()
        if self.hopeless:
            return Explanation()
        readings = [r for r in self.readings() if r is not None]
        if any(r.aspect == dropout.ASPECT and not r.deviates for r in readings):
            # What is drawn may be drawn in another order: the reading knows better.
            self.probes = [probe for probe in self.probes if probe.group != "dropout"]
        fit = self._fitted(readings)
        first = fit.open[0].name if fit.open else ""
        if first in SIMPLE and any(r.aspect == "precision" and r.deviates for r in readings):
            fit = self._fitted(readings, near=HALF)
        elif first in self._faulted() and not fit.parts:
            fit = self._fitted(readings, lenient=True)
        return self._told(fit, readings, cases)

    def ask_probes(self) -> None:
        """Put all questions to the submission, until further ones would end alike."""
        for probe in self.probes:
            self.exchanges[probe.name] = self._asked(probe.request)
            if self.hopeless:
                return
        for name, exchange in [*self.exchanges.items()]:
            if exchange.fault is not None and exchange.fault.evidence.formal:
                del self.exchanges[name]
        self.probes = [probe for probe in self.probes if probe.name in self.exchanges]

    def in_order(self, found: Explanation) -> list[Part]:
        """The mistakes among the edits, first the one whose repair sets most probes right."""
        mistakes = [p for p in found.parts if not p.value.pitfall.remark]
        if len(mistakes) < 2:
            return mistakes
        repaired = {p: self._repaired(found.parts, p) for p in mistakes}
        return sorted(mistakes, key=lambda part: -repaired[part])

    def _repaired(self, parts: Parts, part: Part) -> int:
        """How many probes would be answered right without one of the edits."""
        rest = compose(self.text, (p.edit for p in parts if p != part))
        try:
            variant = self.editing.load(rest or self.text)
        except Exception:  # an edit may raise whatever it likes
            return 0
        answers = partial(self.editing.answers, variant)
        asked = ((said.request, self.truths[name]) for name, said in self.exchanges.items())
        return sum(distance(answers, Exchange(*both)) == 0 for both in asked)

    # --- asking and reading -----------------------------------------------------------------------

    def _asked(self, request: Request) -> Exchange:
        exchange = Exchange(request)
        try:
            exchange.answers = self.ask(request)
        except Fault as fault:
            exchange.fault = fault
            self.hopeless = fault.verdict in HOPELESS
        return exchange

    def _faulted(self) -> set[str]:
        return {name for name, exchange in self.exchanges.items() if exchange.fault is not None}

    def readings(self) -> Iterator[Reading | None]:
        """Every reading of what was asked; None for one that is not readable."""
        seen = Seen(self.exchanges, self.truths)
        for reading in behaviour.READ:
            yield reading(seen)
        law, found = self._weights()
        yield from (result.normalised(seen), *found)
        if self._deviates("even weights") or self._deviates("a long sequence"):
            draw = Draw(self.seed, "visibility")
            yield visibility.visibility(
                self.kata, self.layout, self.ask, self._truth, draw, law=law
            )
        if self._deviates("even weights") and not self._deviates("one token", shape=True):
            draw = Draw(self.seed, "positions")
            yield positions.positions(self.kata, self.layout, self.ask, self._truth, draw)
        if self.training:
            draw = Draw(self.seed, "dropout")
            plain = law is not None and not law.form
            passes = dropout.passes(self.kata, self.layout, self.ask, draw)
            yield dropout.dropout(passes, lawful=plain) if passes else None
            if self.kata.entry.meaning("dropout") is None:
                yield behaviour.training(seen)

    def _deviates(self, probe: str, *, shape: bool = False) -> bool:
        """Whether a probe is answered otherwise than by the solution, or in another shape."""
        exchange, true = self.exchanges.get(probe), self.truths.get(probe)
        if exchange is None or true is None or not exchange.answers:
            return False
        if shape:
            return exchange.answers[0].output.shape != true[0].output.shape
        return distance(lambda _: true, exchange) > 0

    def _weights(self) -> tuple[weights.Law | None, list[Reading | None]]:
        """The law that the weights follow, and what they tell."""
        xrays = self._xrays()
        law = weights.law(xrays)
        if law is None:  # perhaps some weights are too small for their logarithm
            gentle = weights.law(self._xrays(strength=0.05))
            law = gentle if gentle is not None and weights.holds(gentle, xrays, near=1e-3) else None
            law = law or weights.formed(xrays)
        told = [weights.way(law), weights.compared(law), weights.scale(law)]
        told += [weights.sums(xrays, law), weights.rounded(xrays), self._residual()]
        return law, [weights.right(xrays), *told]

    def _residual(self) -> Reading | None:
        """What comes out where nothing is handed over."""
        prepared = prepare(self.kata, self.layout, Draw(self.seed, "weights"), width=WIDTH)
        if prepared is None or not self._deviates("even weights"):
            return None
        request = replace(prepared.request, calls=(prepared.nothing,))
        try:
            ours, true = (side(request)[0].output for side in (self.ask, self._truth))
        except Fault:
            return None
        given = prepared.nothing.arguments
        return result.residual(ours, true, given) if ours.shape == true.shape else None

    def _xrays(self, strength: float = 1.0) -> list[XRay]:
        """At two widths, or none where either cannot be looked into."""
        draw = Draw(self.seed, "weights")
        made = [
            prepare(self.kata, self.layout, draw, width=width, strength=strength)
            for width in (WIDTH, OTHER_WIDTH)
        ]
        seen = [self._xray(prepared) for prepared in made if prepared is not None]
        return [xray for xray in seen if xray is not None] if None not in seen else []

    def _xray(self, prepared: Prepared) -> XRay | None:
        """Weights as the answer's difference from the same with values of zero."""
        request = prepared.beside_nothing
        try:
            both = [[a.output for a in side(request)] for side in (self.ask, self._truth)]
        except Fault:
            return None
        if any(something.shape != nothing.shape for something, nothing in both):
            return None
        return prepared.seen(*(something - nothing for something, nothing in both))

    # --- fitting and proving ----------------------------------------------------------------------

    def _fitted(
        self, readings: Sequence[Reading], *, near: float = 0.0, lenient: bool = False
    ) -> Fit:
        variants = Variants(
            self.editing, self.exchanges, EVALUATIONS, near, lenient=lenient, guard=self.guard
        )
        measured = {reading.value for reading in readings if reading.deviates}
        possible = self._possible(readings)
        fit = Fit(variants, self.probes, possible, measured, self._cleared(readings))
        fit.run()
        return fit

    def _cleared(self, readings: Sequence[Reading]) -> tuple[str, ...]:
        """Aspects that need not be looked at where nothing is masked, nor large."""
        if self.kata.entry.meaning("kv_heads") is not None:
            return ()  # what is looked into has a head of keys for each head
        read = {reading.aspect: reading for reading in readings}
        if "weights" in read and not read["weights"].deviates:
            return ("scale", "sums", "visibility")
        return ()

    def _possible(self, readings: Sequence[Reading]) -> list[Value]:
        """What may be the matter: what was measured first, then what has no number to measure."""
        measured = {r.value: r for r in readings if r.deviates}
        first = [v.at(measured[v.id].number) for v in self.values if v.id in measured]
        tried = [v.at(number) for v in self.values for number in v.numbers]
        rest = [v for v in self.values if not v.measured and v.id not in measured]
        return [*first, *tried, *rest]

    def _told(self, fit: Fit, readings: Sequence[Reading], cases: Sequence[Case]) -> Explanation:
        parts = tuple(p for p in fit.parts if self._needed(fit, p))
        explained = self._proved(parts, cases) if parts else 0
        if not explained and any(reading.value == RANDOM for reading in readings):
            parts = ()  # what is drawn anew each time is like an edit by chance
        if 0 < explained < len(cases):
            parts, explained = self._better(fit, parts, explained, cases)
        left = {probe.name for probe in fit.open} | (
            self._faulted() if fit.variants.lenient else set()
        )
        measured = [
            (value.at(reading.number), reading)
            for reading in readings
            if reading.deviates and self._left(reading, fit, left)
            for value in self.values
            if value.id == reading.value
        ]
        return Explanation(parts, measured, explained, len(left))

    def _better(
        self, fit: Fit, parts: Parts, explained: int, cases: Sequence[Case]
    ) -> tuple[Parts, int]:
        """Of edits that explain the probes as well, those that give more of what failed."""
        for other in itertools.islice(fit.alternatives(), ALTERNATIVES):
            count = self._proved(other, cases)
            if count > explained:
                parts, explained = other, count
            if count == len(cases):
                break
        return parts, explained

    def _left(self, reading: Reading, fit: Fit, left: set[str]) -> bool:
        """Whether a reading tells something that the edits do not."""
        if reading.aspect == "precision":
            return fit.variants.near > 0
        return any(name in left for name in SHOWN_BY[reading.aspect])

    def _needed(self, fit: Fit, part: Part) -> bool:
        """Whether an answer that is explained would not be without it."""
        rest = tuple(p for p in fit.parts if p != part)
        faulted = self._faulted() if fit.variants.lenient else set()
        return any(not fit.same(rest, n) for n in fit.explained if n not in faulted)

    def _proved(self, parts: Parts, cases: Sequence[Case]) -> int:
        """How many failing cases the solution with these edits gives to the letter."""
        text = compose(self.text, (part.edit for part in parts))
        if text is None:
            return 0
        try:
            suspect = Suspect(self.kata, text, self.solution.layout, {})
        except Fault:
            return 0
        return sum(suspect.explains(case) is not None for case in cases)
