"""Which mistake was made: hold a failing submission's answers against those of edited solutions.

Every request of the failing checks is run again, in this process, through the solution with a known
mistake in it. The edit that gives the very same answers names the mistake; where no single one
does, pairs are tried, and two are named. What matches nothing is said to match nothing.
"""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.exchange import Answer, Exchange, Request, read
from grader.kata import Kata
from grader.pitfalls import Edit, Mutant, Pitfall, load_pitfalls, pairs, singles
from grader.solution import load_variant
from grader.verdict import Check, Diagnosis, Fault, Finding, Tier
from grader.weights import Layout, Unmatched
from grader.wire import Message, pack

SAME = 2e-5
"""Of an answer's scale: two computations of one function in float32 are this close."""
Score = tuple[int, int]
"""Failing checks explained, and crashes given word for word."""
NOTHING: Score = (0, 0)
TASTE = 4
"""A mutant that explains none of this many failing checks, the small ones first, is let go."""
PATIENCE = 1.5
"""Seconds of this process for pairs, and twice that for single mistakes."""


def diagnose(
    kata: Kata,
    checks: Sequence[Check],
    exchanges: Mapping[str, Sequence[Exchange]],
    layout: Layout,
    source: str = "",
) -> Diagnosis:
    """Name the mistakes behind the failing checks, as far as known ones explain them."""
    failing = [c for c in checks if not c.passed and c.tier is Tier.REQUIRED]
    pitfalls = load_pitfalls(kata)
    if not failing:  # accepted: what costs stars is a remark, never a mistake
        failing = [c for c in checks if not c.passed]
        pitfalls = tuple(p for p in pitfalls if p.remark)
    cases = [
        Case(tuple(exchanges.get(c.id, ())), sorted(shape for _, shape in layout.found))
        for c in failing
        if exchanges.get(c.id) or c.family == "rules"
    ]
    # What is caught by a check that passed is not what went wrong here.
    failed = {c.id for c in checks if not c.passed}
    pitfalls = tuple(p for p in pitfalls if p.check in failed)
    slow = {c.evidence.grows for c in failing if c.evidence.grows}
    loops = tuple(p for p in pitfalls if p.grows in slow)
    mistakes, explained = Search(kata, pitfalls, cases).run() if cases else ((), 0)
    findings = tuple(_finding(p, source) for p in dict.fromkeys((*mistakes, *loops)))
    return Diagnosis(findings[:2], explained + (len(slow) if loops else 0), len(cases) + len(slow))


@dataclass(frozen=True)
class Case:
    """One failing check: its requests with what came of them, and the submission's weights."""

    exchanges: tuple[Exchange, ...]
    shapes: list[tuple[int, ...]]


@dataclass
class Search:
    """The hunt for the edits that behave as the submission does, cheapest explanation first."""

    kata: Kata
    pitfalls: Sequence[Pitfall]
    cases: list[Case]
    best: tuple[tuple[Pitfall, ...], Score] = ((), NOTHING)

    def __post_init__(self) -> None:
        self.cases.sort(key=_cost)
        self.text = self.kata.solution.read_text(encoding="utf-8")
        self.solution = load_variant(self.kata, self.text)
        self.frames: dict[int, bytes] = {}
        self.crashes = any(e.fault is not None for case in self.cases for e in case.exchanges)

    def run(self) -> tuple[tuple[Pitfall, ...], int]:
        """One mistake, one beside a remark, two; failing those, one that explains most of it."""
        alone: set[Edit] = set()
        deadline = time.process_time() + 2 * PATIENCE
        for mutant in singles(self.pitfalls, self.text):
            score = self._explained(mutant)
            alone |= set(mutant.edits) if score[0] else set()
            # Crashes look alike: the one whose words are the same to the letter is looked for.
            if self._settles(mutant.pitfalls, score) and not self.crashes:
                break
            if time.process_time() > deadline:
                break
        deadline = time.process_time() + PATIENCE
        for mutant in self._two_at_once(alone) if not self._settled else ():
            refused = tuple(p for p in mutant.pitfalls if not p.remark) or mutant.pitfalls
            score = self._explained(mutant, partly=len(refused) == 1)
            if self._settles(refused, score) or time.process_time() > deadline:
                break
        found, (count, _) = self.best
        return (found, count) if 2 * count >= len(self.cases) else ((), 0)

    @property
    def _settled(self) -> bool:
        return self.best[1][0] == len(self.cases)

    def _settles(self, pitfalls: tuple[Pitfall, ...], score: Score) -> bool:
        """Keep the best explanation so far; whether it leaves nothing open."""
        if score > self.best[1]:
            self.best = (pitfalls, score)
        return self._settled

    def _two_at_once(self, alone: set[Edit]) -> Iterator[Mutant]:
        """Pairs, the likely ones first: those with an edit that explains something alone.

        Among them, a style that only costs stars beside a mistake comes before two mistakes.
        """
        likely = pairs(
            self.pitfalls, self.text, spellings=True, wanted=lambda a, b: a in alone or b in alone
        )
        yield from sorted(likely, key=lambda m: sum(p.remark for p in m.pitfalls) != 1)
        yield from pairs(
            self.pitfalls, self.text, spellings=True, wanted=lambda a, b: not {a, b} & alone
        )

    def _explained(self, mutant: Mutant, *, partly: bool = True) -> Score:
        """How many failing checks a mutant explains; without `partly` it is all or none."""
        try:
            suspect = Suspect(self.kata, mutant.text, self.solution.layout, self.frames)
        except (Fault, Unmatched):
            return NOTHING
        score = NOTHING
        for place, case in enumerate(self.cases, 1):
            exact = suspect.explains(case)
            if exact is not None:
                score = (score[0] + 1, score[1] + exact)
            elif not (partly and (score[0] or place < TASTE)):
                return NOTHING
        return score


def _cost(case: Case) -> int:
    """Elements to compute with: small requests tell suspects apart just as well."""
    return sum(
        value.numel()
        for exchange in case.exchanges
        for call in exchange.request.calls
        for value in call.arguments.values()
        if isinstance(value, Tensor)
    )


@dataclass
class Suspect:
    """A mutant that is compared with the submission, request by request."""

    kata: Kata
    text: str
    layout: Layout
    """The solution's, which most mutants share."""
    frames: dict[int, bytes]
    """Requests packed for that layout: packing costs as much as running."""

    def __post_init__(self) -> None:
        self.variant = load_variant(self.kata, self.text, self.layout)

    def explains(self, case: Case) -> int | None:
        """None where it behaves otherwise; else how many crashes it gives word for word."""
        if not case.exchanges:
            return 0 if sorted(shape for _, shape in self._layout().found) == case.shapes else None
        exact = 0
        for exchange in case.exchanges:
            words = self._same(exchange)
            if words is None:
                return None
            exact += words
        return exact

    def _layout(self) -> Layout:
        """Its own layout, learnt once it may differ from the solution's."""
        if self.variant.layout is self.layout:
            with contextlib.suppress(Fault, Unmatched):
                self.variant = load_variant(self.kata, self.text)
        return self.variant.layout

    def _same(self, exchange: Exchange) -> int | None:
        try:
            answers = self._answers(exchange.request)
        except Fault as fault:
            if exchange.fault is None or not alike(fault, exchange.fault):
                return None
            return int(fault.message == exchange.fault.message)
        if exchange.fault is not None or len(answers) != len(exchange.answers):
            return None
        if not _same_trace(self.variant.last_reply.get("trace") or (), exchange.trace):
            return None
        pairs_of = zip(answers, exchange.answers, strict=True)
        return 0 if all(_same_answer(ours, theirs) for ours, theirs in pairs_of) else None

    def _answers(self, request: Request) -> tuple[Answer, ...]:
        if self.variant.layout is not self.layout:
            return self.variant.answers(request)
        frame = self.frames.setdefault(id(request), b"") or pack(request.encode(self.layout))
        self.frames[id(request)] = frame
        reply = self.variant.run_frame(frame)
        if (reply.get("error") or {}).get("stage") == "construct" and self.kata.roles:
            # Perhaps it is only that its parameters are not those of the solution.
            self._layout()
            return self.variant.answers(request)
        return read(reply, request, self.layout)


def _same_answer(ours: Answer, theirs: Answer) -> bool:
    if not _close(ours.output, theirs.output):
        return False
    if theirs.call.cotangent is not None and not _gradients_close(ours.gradients, theirs.gradients):
        return False
    return all(torch.equal(ours.inputs[n], t) for n, t in theirs.inputs.items() if n in ours.inputs)


def _same_trace(ours: Sequence[Message], theirs: Sequence[Message]) -> bool:
    """The same kinds of use of the parameters: how many products, with whole weights or parts."""

    def uses(trace: Sequence[Message]) -> list[tuple[bool, bool]]:
        matrices = [(t, o) for t in trace for o in t["operands"] if o["dim"] > 1]
        return sorted((bool(t["product"]), bool(o["whole"])) for t, o in matrices)

    return uses(ours) == uses(theirs)


def alike(one: Fault, other: Fault) -> bool:
    """The same failure: verdict and words, whatever names, numbers and shapes are in them."""
    return one.verdict is other.verdict and _pattern(one) == _pattern(other)


def _pattern(fault: Fault) -> str:
    words = re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"", "…", fault.message)
    words = re.sub(r"\[[\d, ]*\]|\([\d, ]*\)", "…", words)
    return re.sub(r"\d+", "#", words)


def _close(ours: Tensor, theirs: Tensor) -> bool:
    if ours.shape != theirs.shape or ours.dtype is not theirs.dtype:
        return False
    if ours.device.type == "meta" or theirs.device.type == "meta":
        return True
    one, other = ours.double(), theirs.double()
    finite = torch.isfinite(other)
    scale = float(other[finite].abs().max()) if bool(finite.any()) else 1.0
    ulps = 8 * torch.finfo(ours.dtype).eps if ours.is_floating_point() else 0.0
    return torch.allclose(one, other, rtol=0, atol=max(SAME, ulps) * scale, equal_nan=True)


def _gradients_close(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> bool:
    """Gradients agree where both have them; one that is missing is missing in both.

    Biases the submission does not have are zero in the variant, and their gradients no matter.
    """
    scale = max((float(t.abs().nan_to_num().max()) for t in theirs.values()), default=1.0)
    for name, gradient in theirs.items():
        mine = ours.get(name)
        if mine is None or mine.shape != gradient.shape:
            return False
        if not torch.allclose(mine, gradient, rtol=0, atol=10 * SAME * scale, equal_nan=True):
            return False
    missing = set(ours) - set(theirs)
    return all(name.endswith(" bias") for name in missing)


def _finding(pitfall: Pitfall, source: str) -> Finding:
    line = None
    if pitfall.look:
        pattern = re.compile(pitfall.look)
        line = next((n for n, text in _code(source) if pattern.search(text)), None)
    return Finding(pitfall.id, pitfall.title, pitfall.explanation, pitfall.question, line)


def _code(source: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments and docstrings, in which a formula is not a call."""
    quoted: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quoted |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, text in enumerate(source.splitlines(), 1):
        if number not in quoted:
            yield number, text.split("#", 1)[0]


def diagnose_structure(
    kata: Kata, failure: Fault | Unmatched, shapes: Sequence[tuple[int, ...]], source: str = ""
) -> Diagnosis:
    """Name the mistake of a submission that could not be built, or whose weights fit no role.

    A mistake is named only when it is the only known one that fails in this way.
    """
    text = kata.solution.read_text(encoding="utf-8")
    pitfalls = [p for p in load_pitfalls(kata) if not p.remark]
    found: list[Pitfall] = []
    for mutant in singles(pitfalls, text):
        if _fails_alike(kata, mutant, failure, shapes) and mutant.pitfalls[0] not in found:
            found.append(mutant.pitfalls[0])
    if len(found) != 1:
        return Diagnosis(failing=1)
    return Diagnosis((_finding(found[0], source),), 1, 1)


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
