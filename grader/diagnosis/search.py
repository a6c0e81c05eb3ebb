"""Which mistake was made: hold a failing submission's answers against those of edited solutions.

Every request of the failing checks is run again, in this process, through the solution with a known
mistake in it. The edit that gives the very same answers names the mistake; where no single one
does, pairs are tried, and two are named. What matches nothing is said to match nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from grader.bank.candidate import Runner
from grader.diagnosis.comparison import Case, Suspect, cost, sample
from grader.diagnosis.explanation import Ask, Examination
from grader.diagnosis.finding import finding_of, pointed, told_of
from grader.diagnosis.guard import Guard
from grader.diagnosis.structure import MOST, Differently, further
from grader.exchange.answer import Exchange
from grader.exchange.layout import Layout
from grader.exchange.local import Variant, load_variant
from grader.exchange.matching import Unmatched
from grader.kata.kata import Kata
from grader.kata.mutants import Edit, Mutant, Pitfall, pairs, singles
from grader.kata.pitfalls import load_pitfalls
from grader.kata.vocabulary import values
from grader.report.verdict import MEASURED, PROVED, Check, Diagnosis, Fault, Finding, Tier, Verdict

BRING = ("normalize", "position")
"""What a mistake is looked for by that has parameters of its own."""
Score = tuple[int, int]
"""Failing checks explained, and crashes given word for word."""
NOTHING: Score = (0, 0)
TASTE = 4
"""A mutant that explains none of this many failing checks, the small ones first, is let go."""
SINGLES, PAIRS = 150, 60
"""Edited solutions, one mistake at a time and two, that are run through whole failing checks."""
BOUNDLESS = (Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT)
"""What an edit that does the same would take as much of."""


def diagnose(
    kata: Kata,
    checks: Sequence[Check],
    exchanges: Mapping[str, Sequence[Exchange]],
    layout: Layout,
    source: str = "",
    *,
    texts: Sequence[str] = (),
    ask: Ask | None = None,
    run: Runner | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Name the mistakes behind the failing checks, as far as they can be told.

    `texts` are what the mistakes are looked for in: the solution, unless it goes another way.
    `ask` puts further questions to the submission, in the worker of this diagnosis' own, and `run`
    does so whatever weights it is taken to have.
    """
    met = [c for c in checks if not c.evidence.skipped]
    failing = [c for c in met if not c.passed and c.tier is Tier.REQUIRED]
    pitfalls = load_pitfalls(kata)
    refused = bool(failing)
    if not refused:  # accepted: what costs stars is a remark, never a mistake
        failing = [c for c in met if not c.passed]
        pitfalls = tuple(p for p in pitfalls if p.remark)
    cases = [
        Case(tuple(exchanges.get(c.id, ())), sorted(shape for _, shape in layout.found), c.id)
        for c in failing
        if (exchanges.get(c.id) or c.family == "rules") and not _untold(c, exchanges)
    ]
    # What is caught by a check that passed is not what went wrong here.
    failed = {c.id for c in checks if not c.passed}
    pitfalls = tuple(p for p in pitfalls if p.check in failed)
    costly = [c for c in failing if c.evidence.grows]
    why = {word for c in costly for word in c.evidence.grows.split()}
    wasteful = tuple(p for p in pitfalls if p.grows in why)
    texts = texts or (kata.solution.read_text(encoding="utf-8"),)
    # Waste gives right answers: there is nothing to tell it by among them.
    answering = tuple(p for p in pitfalls if not p.grows)
    guard, told = Guard(), Told()
    other = Differently(kata, run, seed, source) if layout.extras and run is not None else None
    otherwise = other.findings() if cases and refused and other is not None else ()
    asked = [case for case in cases if case.exchanges]
    if otherwise:
        told = Told(otherwise, len(cases))
    elif asked and refused and ask is not None and len(met) == len(checks):
        training = any(c.family == "dropout" and not c.passed for c in met)
        each = (Examination(kata, layout, ask, text, seed, training, guard) for text in texts)
        told = _examined(each, asked, source)
    if told.explained < len(cases):
        # What asking proved of some is looked at once more; what it only measured may be another.
        proved = {f.pitfall for f in told.findings if told.explained and f.certainty == PROVED}
        likely = tuple(p for p in answering if not proved or p.id in proved)
        known = _searched(kata, likely, cases, texts, source, guard=guard)
        if not told.findings or known.explained == len(cases):  # what is proved goes first
            told = known
    if len(asked) < len(cases) and told.explained < len(cases) and layout.extras:
        shaped = {c.id for c in failing if c.family == "rules" and not exchanges.get(c.id)}
        told = _beside(told, kata, layout, source, shaped)
    if told.explained < len(cases):
        told = _by_rule(told, answering, failing, source)
        told = _unrefused(told, kata, answering, cases, source)
    findings = [*told.findings, *(finding_of(p, source, PROVED) for p in wasteful)]
    explained = told.explained + (len(costly) if wasteful else 0)
    return Diagnosis(tuple(findings[:MOST]), explained, len(cases) + len(costly), guard.cut)


def _untold(check: Check, exchanges: Mapping[str, Sequence[Exchange]]) -> bool:
    """Whether edits cannot tell why a check failed, or had better not.

    A matter of form is said as that. What ran a worker out of memory or time is not run in this
    process, where nothing bounds it.
    """
    faults = (exchange.fault for exchange in exchanges.get(check.id, ()))
    overran = any(f is not None and f.verdict in BOUNDLESS for f in faults)
    return check.evidence.formal or overran


@dataclass(frozen=True)
class Told:
    """What is named, and how many cases it explains to the letter."""

    findings: tuple[Finding, ...] = ()
    explained: int = 0


def _examined(examinations: Iterable[Examination], cases: Sequence[Case], source: str) -> Told:
    """What probes and readings tell, beside the way that explains most."""
    best = Told()
    for examination in examinations:
        found = examination.explain(cases)
        proved = found.explained == len(cases)
        told = Told(told_of(examination, found, source, proved=proved), found.explained)
        if (told.explained, len(told.findings)) > (best.explained, len(best.findings)):
            best = told
        if proved:
            break
    return best


def _beside(told: Told, kata: Kata, layout: Layout, source: str, checks: set[str]) -> Told:
    """Parameters beside the projections, unless a mistake that is named brings them along.

    checks: those that look at the parameters alone, and failed.
    """
    looks = {v.pitfall.id: v.look for v in values(kata, kata.solution.read_text(encoding="utf-8"))}
    explained = told.explained + len(checks)
    if any(found.check in checks for found in told.findings):
        return Told(told.findings, explained)
    if any(looks.get(finding.pitfall) in BRING for finding in told.findings):
        return Told(told.findings, explained)
    finding = further(kata, layout, source)
    return Told((*told.findings, finding), explained)


def _by_rule(
    told: Told, pitfalls: Sequence[Pitfall], failing: Sequence[Check], source: str
) -> Told:
    """The mistake that the first broken rule was made for, where it has but one and none is told.

    What a rule sees is which products are made of which weights: no answer shows that.
    """
    definite = (Verdict.WRONG_ANSWER, Verdict.BANNED_CALL)
    rules = (check for check in failing if check.family == "rules" and check.verdict in definite)
    broken = next((check.id for check in rules), "")
    own = [pitfall for pitfall in pitfalls if pitfall.check == broken]
    if len(own) != 1 or any(found.check == broken for found in told.findings):
        return told
    return Told((*told.findings, finding_of(own[0], source, MEASURED)), told.explained)


def _unrefused(
    told: Told, kata: Kata, pitfalls: Sequence[Pitfall], cases: Sequence[Case], source: str
) -> Told:
    """The mistake that a check was made for whose sizes are to be refused, and are answered."""
    solution = load_variant(kata, kata.solution.read_text(encoding="utf-8"))
    for case in cases:
        own = [pitfall for pitfall in pitfalls if pitfall.check == case.check]
        if not own or any(found.check == case.check for found in told.findings):
            continue
        if any(e.fault is None and _refuses(solution, e) for e in case.exchanges):
            finding = finding_of(own[0], source, MEASURED)
            told = Told((*told.findings, finding), told.explained + 1)
    return told


def _refuses(solution: Variant, exchange: Exchange) -> bool:
    try:
        solution.answers(exchange.request)
    except Fault:
        return True
    return False


def _searched(
    kata: Kata,
    pitfalls: Sequence[Pitfall],
    cases: list[Case],
    texts: Sequence[str],
    source: str,
    *,
    guard: Guard,
) -> Told:
    """The best explanation by edits of any of the texts, where asking further tells nothing."""
    best = Told()
    for text in texts:
        mistakes, count = Search(kata, pitfalls, cases, text, guard).run()
        certainty = PROVED if count == len(cases) else MEASURED
        known = {value.pitfall.id: value for value in values(kata, text) if value.look}
        findings = tuple(
            pointed(known[p.id], source, certainty)
            if p.id in known
            else finding_of(p, source, certainty)
            for p in mistakes
        )
        best = max(best, Told(findings, count), key=lambda told: told.explained)
        if best.explained == len(cases):
            break
    return best


@dataclass
class Search:
    """The hunt for the edits that behave as the submission does, cheapest explanation first."""

    kata: Kata
    pitfalls: Sequence[Pitfall]
    cases: list[Case]
    text: str
    guard: Guard = field(default_factory=Guard)
    best: tuple[tuple[Pitfall, ...], Score] = ((), NOTHING)

    def __post_init__(self) -> None:
        self.cases.sort(key=cost)
        self.solution = load_variant(self.kata, self.text)
        self.frames: dict[int, bytes] = {}
        self.crashes = any(e.fault is not None for case in self.cases for e in case.exchanges)

    @cached_property
    def samples(self) -> dict[int, Case | None]:
        """Of each case, as far as it was needed, the one call that tells most."""
        return {}

    def _sample(self, place: int) -> Case | None:
        """The first wrong call of a case alone: a tenth of the work, and most mutants fail it."""
        if place not in self.samples:
            self.samples[place] = sample(self.kata, self.cases[place], self.solution.answers)
        return self.samples[place]

    def run(self) -> tuple[tuple[Pitfall, ...], int]:
        """One mistake, one beside a remark, two; failing those, one that explains most of it.

        With how many cases that explains.
        """
        alone: set[Edit] = set()
        for mutant in islice(singles(self.pitfalls, self.text), SINGLES):
            score = self._explained(mutant)
            alone |= set(mutant.edits) if score[0] else set()
            # Crashes look alike: the one whose words are the same to the letter is looked for.
            if (self._settles(mutant.pitfalls, score) and not self.crashes) or self.guard.over():
                break
        both = self._two_at_once(alone) if not self._settled else ()
        for mutant in islice(both, PAIRS):
            refused = tuple(p for p in mutant.pitfalls if not p.remark) or mutant.pitfalls
            score = self._explained(mutant, partly=len(refused) == 1)
            if self._settles(refused, score) or self.guard.over():
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
            one = self._sample(place - 1)
            likely = one is None or suspect.explains(one) is not None
            exact = suspect.explains(case) if likely else None
            if exact is not None:
                score = (score[0] + 1, score[1] + exact)
            elif not (partly and (score[0] or place < TASTE)):
                return NOTHING
        return score
