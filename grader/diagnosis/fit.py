"""Which edits together give a submission's answers: probe by probe, from simple to whole.

The solution with the edits found so far is asked the next probe. Where it answers as the submission
does, nothing is to be done; else one more edit of an aspect that can show there is looked for, or
another in the place of one, or two. What no edit explains is left open, and with it what depends
on it. The budget is a number of evaluations, so what is found depends on the submission alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from grader.diagnosis.probes import Probe
from grader.diagnosis.tuning import number_in, tuned
from grader.diagnosis.variants import Part, Parts, Variants
from grader.kata.mutants import Edit
from grader.kata.vocabulary import Value

MOST = 5
"""So many edits are looked for at once, what only costs stars included."""
PAIRS = 250
"""Evaluations for two edits at once on one probe."""
TUNED = 3
"""So many edits are tried with other numbers in them."""
SPELLINGS = 60
"""Of what was read, so many combinations of edits are tried."""
STYLES = 2
"""Ways for a row that sees nothing that are tried beside three edits: uniform, and NaN."""
TOGETHER = ("values", "even", "scores", "masks")
"""Groups of probes in which two mistakes at once are looked for."""
CONFUSED = {"asks", "hands"}
"""Aspects that look alike until the scores are in play: two edits may stand for one."""
INFINITE = {"numbers", "fill"}
"""Aspects in which a mistake makes answers infinite, or NaN."""
NEIGHBOURS = {"mask", "fill"}
"""Aspects in which a mistake may look like one of the other's."""
STYLED = ("even", "scores", "masks", "fill")
"""Groups of probes in which it matters how a row that sees nothing comes out."""
MASKED = ("masks", "fill")
"""Of these, those with a mask."""

PLAIN = ("no mask", "other sizes")
"""Probes that ask for no more than readings do."""


@dataclass
class Fit:
    """The search for the edits, and what they explain."""

    variants: Variants
    probes: Sequence[Probe]
    values: Sequence[Value]
    measured: Collection[str] = ()
    """Values that readings speak for: they are tried together, and before any others."""
    cleared: Collection[str] = ()
    """Aspects that readings found to be true, in calls without a mask."""
    parts: Parts = ()
    explained: list[str] = field(default_factory=list)
    open: list[Probe] = field(default_factory=list)

    def run(self) -> None:
        """Go through the probes once."""
        for probe in self.probes:
            self._explain(probe)

    def _explain(self, probe: Probe) -> None:
        asked = self.variants.exchanges
        if probe.name not in asked:
            return
        known = all(name in self.explained for name in probe.needs if name in asked)
        if known and (self.same(self.parts, probe.name) or self._extended(probe)):
            self.explained.append(probe.name)
        else:
            self.open.append(probe)

    def same(self, parts: Parts, probe: str) -> bool:
        """Whether the solution with these edits answers a probe as the submission did."""
        return self.variants.error(parts, probe) == 0

    def _extended(self, probe: Probe) -> bool:
        """Find the edits that explain one more probe; whether there are any."""
        kin = [p for p in self.open if p.group == probe.group]
        if len(kin) > 1:  # what explains none of its kind explains this neither
            return False
        simple = self.variants.exchanges[probe.name].fault is not None or bool(kin)
        ways: list[Callable[[Probe], Iterator[Parts]]] = [self._as_read, self._finite]
        ways += [self._others, self._read_and_more, self._more]
        if not simple and probe.group in STYLED:
            ways += [self._respelt, self._styled]
        if not simple and probe.group in TOGETHER:
            ways += [self._tuned, self._other_and_more, self._two_more]
        for sets in ways:
            found = self._best(sets(probe), probe)
            if found is not None:
                self.parts = self._simpler(found, probe)
                return True
        return False

    def _simpler(self, found: Parts, probe: Probe) -> Parts:
        """One edit for two that together only changed who plays which part."""
        confused = [p for p in found if set(p.value.aspects) & CONFUSED]
        if len(confused) < 2 or len(found) <= len(self.parts):
            return found
        rest = tuple(p for p in found if p not in confused)
        single = (
            (*rest, Part(value, edit))
            for value in self.values
            if set(value.aspects) & CONFUSED
            for edit in value.pitfall.edits
        )
        return self._best(single, probe) or found

    # --- what is tried --------------------------------------------------------------------------

    def _read(self, probe: Probe) -> list[list[Part]]:
        """Of each value that readings speak for and that can show here, its edits."""
        found = {part.value.id for part in self.parts}
        return [
            [Part(value, edit) for edit in value.pitfall.edits]
            for value in self.values
            if value.id in self.measured and value.id not in found
            if value.pitfall.edits and set(value.aspects) & set(probe.aspects)
        ]

    def _as_read(self, probe: Probe) -> Iterator[Parts]:
        """All that the readings say of what can show here, in each spelling."""
        read = self._read(probe)
        if read and len(self.parts) + len(read) <= MOST:
            together = itertools.islice(itertools.product(*read), SPELLINGS)
            yield from ((*self.parts, *parts) for parts in together)

    def _finite(self, probe: Probe) -> Iterator[Parts]:
        """One more edit of what makes answers infinite, where some are."""
        if self._infinite(probe) and len(self.parts) < MOST:
            for part in self._candidates(probe):
                if set(part.value.aspects) & INFINITE:
                    yield (*self.parts, part)

    def _read_and_more(self, probe: Probe) -> Iterator[Parts]:
        """The first spelling of all that is read, beside one more edit of another aspect."""
        read = tuple(parts[0] for parts in self._read(probe))
        told = {aspect for part in read for aspect in part.value.aspects}
        if read and len(self.parts) + len(read) < MOST:
            for part in self._candidates(probe):
                if not told & set(part.value.aspects):
                    yield (*self.parts, *read, part)

    def _more(self, probe: Probe) -> Iterator[Parts]:
        """One more edit."""
        if len(self.parts) < MOST:
            yield from ((*self.parts, part) for part in self._candidates(probe))

    def _others(self, probe: Probe) -> Iterator[Parts]:
        """Another edit in the place of one: of the same mistake, or of the same aspect."""
        for place, old in enumerate(self.parts):
            rest = (*self.parts[:place], *self.parts[place + 1 :])
            for value in self.values:
                same = value.pitfall.id == old.id or self._kindred(value, old.value)
                if same or (old.value.pitfall.remark and set(value.aspects) & set(probe.aspects)):
                    yield from ((*rest, Part(value, e)) for e in value.pitfall.edits)

    @staticmethod
    def _kindred(one: Value, other: Value) -> bool:
        """Whether one may have been taken for the other."""
        ours, theirs = set(one.aspects), set(other.aspects)
        return bool(ours & theirs or (ours & CONFUSED and theirs & CONFUSED))

    def _styled(self, probe: Probe) -> Iterator[Parts]:
        """One more edit, or another, beside a way for a row that sees nothing to come out.

        Where nothing is masked, only a mistake about what is seen leaves such a row.
        """
        if any(p.value.pitfall.remark for p in self.parts):
            return
        floor = 0 if probe.group in MASKED else max(self.variants.left - PAIRS, 0)
        for sets in (self._more, self._others):
            for parts in sets(probe):
                if self.variants.left <= floor:
                    return
                if probe.group in MASKED or any("visibility" in p.value.aspects for p in parts):
                    yield from ((*parts, style) for style in self._styles)

    def _respelt(self, probe: Probe) -> Iterator[Parts]:
        """One more edit, with a style and without, beside another spelling of what hides keys.

        Which number a rule that nobody asked for is filled with shows only under a mask.
        """
        if probe.group not in MASKED:
            return
        for place, old in enumerate(self.parts):
            if "visibility" not in old.value.aspects:
                continue
            rest = (*self.parts[:place], *self.parts[place + 1 :])
            for edit in old.value.pitfall.edits:
                base = (*rest, Part(old.value, edit))
                if edit == old.edit or not all(self.same(base, n) for n in self.explained):
                    continue
                for part in self._candidates(probe):
                    if NEIGHBOURS & set(part.value.aspects):
                        yield (*base, part)
                        yield from ((*base, part, style) for style in self._styles[:STYLES])

    @cached_property
    def _styles(self) -> list[Part]:
        """The first ways that the vocabulary has, the plain ones first: uniform, or NaN."""
        empty = [v for v in self.values if "empty" in v.aspects and v.id]
        ways = [(n, Part(v, edit)) for v in empty for n, edit in enumerate(v.pitfall.edits[:4])]
        return [part for _, part in sorted(ways, key=lambda way: way[0])]

    def _tuned(self, probe: Probe) -> Iterator[Parts]:
        """One more edit with another number in it: of those that bring one, the nearest few."""
        if len(self.parts) >= MOST:
            return
        some = (part for part in self._telling(probe) if _tunable(part))
        for part in itertools.islice(some, TUNED):
            yield from self._retuned(part, probe)

    def _retuned(self, part: Part, probe: Probe) -> Iterator[Parts]:
        def beside(edit: Edit) -> Parts:
            return (*self.parts, replace(part, edit=edit))

        return map(beside, tuned(part.edit, lambda e: self.variants.error(beside(e), probe.name)))

    def _other_and_more(self, probe: Probe) -> Iterator[Parts]:
        """Another edit in the place of one that explains as much so far, beside one more edit."""
        if len(self.parts) >= MOST:
            return
        floor = max(self.variants.left - PAIRS, 0)
        effects: dict[str, Parts] = {}
        for other in self._others(probe):
            if all(self.same(other, name) for name in self.explained):
                effects.setdefault(f"{self.variants.error(other, probe.name):.6g}", other)
        for part in self._candidates(probe):
            for other in effects.values():
                if self.variants.left <= floor:
                    return
                yield (*other, part)

    def alternatives(self) -> Iterator[Parts]:
        """Edits that explain as many probes, with another one in the place of one of them."""
        for place, old in enumerate(self.parts):
            if old.value.pitfall.remark:
                continue
            rest = (*self.parts[:place], *self.parts[place + 1 :])
            near = set(old.value.aspects)
            near |= NEIGHBOURS if near & NEIGHBOURS else set()
            for value in self.values:
                if not near & set(value.aspects):
                    continue
                for edit in value.pitfall.edits:
                    parts = (*rest, Part(value, edit))
                    if edit != old.edit and all(self.same(parts, n) for n in self.explained):
                        yield parts

    def _two_more(self, probe: Probe) -> Iterator[Parts]:
        """Two more edits: of what was measured first, then the two that come nearest alone."""
        if len(self.parts) >= MOST - 1:
            return
        near = self._telling(probe)
        read = [part for part in near if part.value.id in self.measured]
        floor = max(self.variants.left - PAIRS, 0)
        first = [*itertools.product([*read, *near[:1]], near)]
        # Beside other parts of a projection, what told nothing alone may tell something.
        confused = [part for part in near[:2] if "asks" in part.value.aspects]
        first += itertools.product(confused, self._candidates(probe))
        for one, two in (*first, *_nearest_first(near)):
            if self.variants.left <= floor:
                return
            if one.id != two.id:
                yield (*self.parts, one, two)

    def _telling(self, probe: Probe) -> list[Part]:
        """One edit of each effect on a probe, the nearest to its answers first."""
        none = f"{self.variants.error(self.parts, probe.name):.6g}"
        effects: dict[str, Part] = {}
        for part in self._candidates(probe):
            effect = f"{self.variants.error((*self.parts, part), probe.name):.6g}"
            if effect != none:
                effects.setdefault(effect, part)
        return [effects[effect] for effect in sorted(effects, key=float)]

    def _candidates(self, probe: Probe) -> Iterator[Part]:
        """Edits of the aspects that can show in a probe, the likeliest first.

        What only costs stars comes before any mistake that would explain as much.
        """
        if probe.group in STYLED:
            yield from self._styles
        cleared = self.cleared if probe.name in PLAIN else ()
        confused = any("asks" in p.value.aspects for p in self.parts)
        # Where parts of a projection play each other's roles, no weights are even.
        scaled = ("scale",) if confused and probe.group == "even" else ()
        for aspect in (*scaled, *probe.aspects):
            for value in self.values:
                if aspect in value.aspects and aspect not in cleared:
                    yield from (Part(value, edit) for edit in value.pitfall.edits)

    def _infinite(self, probe: Probe) -> bool:
        """Whether something in a submission's answers is not finite."""
        answers = self.variants.exchanges[probe.name].answers
        outputs = [a.output for a in answers if not a.output.is_meta]
        return not all(bool(o.isfinite().all()) for o in outputs)

    # --- what is taken --------------------------------------------------------------------------

    def _best(self, sets: Iterable[Parts], probe: Probe) -> Parts | None:
        """Of those that explain this probe and all before, the one that explains most to come."""
        best: tuple[Parts, int] | None = None
        seen: set[str] = set()
        for parts in sets:
            text = self.variants.composed(parts)
            if text is None or text in seen:
                continue
            seen.add(text)
            if not self.same(parts, probe.name):
                continue
            if not all(self.same(parts, name) for name in self.explained):
                continue
            count = sum(self.same(parts, name) for name in self._kin(probe))
            if best is None or count > best[1]:
                best = (parts, count)
            if count == len(self._kin(probe)):
                break
        return best[0] if best else None

    def _kin(self, probe: Probe) -> list[str]:
        """Probes that what explains this one is likely to explain as well."""
        asked = [p for p in self.probes if p.name in self.variants.exchanges]
        return [p.name for p in asked if p.group == probe.group]


def _tunable(part: Part) -> bool:
    """Whether an edit brings a number along that its title says nothing of."""
    number = number_in(part.edit)
    return bool(number) and number not in part.value.pitfall.title


def _nearest_first(parts: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """All pairs, those early in the sequence before those late in it."""
    for far in range(1, 2 * len(parts)):
        for one in range(max(0, far - len(parts) + 1), (far + 1) // 2):
            yield parts[one], parts[far - one]
