"""Whose weight is which: match a layer's parameters to the roles of the kata, by name and shape.

People call the query projection `W_q`, `q_proj`, `to_q` or `linears.0`, keep the three apart, stack
or fuse them, by heads or not, and store a bare matrix as (in, out) or (out, in). Names decide where
they say anything. What they leave open is a list of readings, the most usual first, and the answers
of the layer tell which one holds.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.exchange.fitting import Kind, Shape, fitting, kept
from grader.exchange.layout import IN_OUT, Layout, Slot
from grader.kata.glossary import speaks_of_bias, speaks_of_roles, weight_roles

MOST = 64
"""Readings that are worth trying: all orders of four weights, either way round, and some more."""
State = Sequence[tuple[str, Shape]]


class Unmatched(Exception):
    """Some role has no weight; the message lists what was expected and what was found."""

    def __init__(self, message: str, shapes: Sequence[Shape] = ()) -> None:
        super().__init__(message)
        self.shapes = tuple(shapes)


def role_of(name: str) -> str | None:
    """The one role a parameter's name speaks of, or None."""
    roles = weight_roles(name)
    return roles[0] if len(roles) == 1 else None


@dataclass(frozen=True)
class Readings:
    """The layouts that names and shapes leave open, the most usual first."""

    layouts: tuple[Layout, ...]
    """They differ in whose weight is which, and in which way round it lies."""
    vectors: tuple[tuple[str, Shape], ...] = ()
    """Parameters that may be biases, of which no name says whose."""
    kind: Kind = field(default_factory=lambda: Kind({}))

    def with_biases(self, layout: Layout, *, called: bool = False) -> list[Layout]:
        """The layout with each way of taking the unnamed vectors for biases, in order first.

        called: only those that go by that name.
        """
        bare = [slot for slot in layout.slots if not slot.bias and not _is_biased(slot, layout)]
        used = {slot.name for slot in layout.slots}
        vectors = [(name, shape) for name, shape in self.vectors if name not in used]
        vectors = [(n, s) for n, s in vectors if not called or speaks_of_bias(n)]
        found: list[Layout] = []
        for chosen in itertools.permutations(bare, min(len(vectors), len(bare))):
            if len(found) == MOST:
                break
            pairs = [
                (name, slot, fitting(shape, slot.roles, self.kind, bias=True))
                for (name, shape), slot in zip(vectors, chosen, strict=False)
            ]
            if len(pairs) == len(vectors) and all(fits for _, _, fits in pairs):
                slots = [Slot(n, _summed(s), bias=True, axes=kept(f[0])) for n, s, f in pairs]
                found.append(_completed((*layout.slots, *slots), layout))
        return found


def match(
    state: State,
    roles: Mapping[str, tuple[int, int]],
    fused: Sequence[str] = (),
    linear: Collection[str] | None = None,
    own: Mapping[str, Collection[str]] | None = None,
) -> Layout:
    """The most usual reading of a layer's parameters; raises Unmatched.

    `linear` names the weights that belong to an `nn.Linear`, stored (out, in); all others are bare,
    and without it a weight is taken for linear by its name. `own` has what the kata calls a role's
    weight, beside the names that the field has for the usual ones.
    """
    kind = Kind(dict(roles), tuple(fused), own=own or {})
    return readings(state, kind, linear).layouts[0]


def readings(state: State, kind: Kind, linear: Collection[str] | None = None) -> Readings:
    """Every way of finding all roles among the parameters; raises Unmatched where there is none."""
    if linear is None:
        linear = [name for name, _ in state if name.endswith(".weight")]
    return _Matcher(dict(state), kind, frozenset(linear)).readings()


# --- the search -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """A parameter, the roles it holds, and the ways it may hold them."""

    name: str
    roles: tuple[str, ...]
    ways: tuple[tuple[str, ...], ...]

    beside: bool = False

    def slot(self, way: int) -> Slot:
        axes = self.ways[min(way, len(self.ways) - 1)]
        return Slot(self.name, self.roles, axes == IN_OUT, axes=kept(axes), beside=self.beside)


class _Matcher:
    """The search itself: each step claims parameters and the roles they hold."""

    def __init__(self, state: dict[str, Shape], kind: Kind, linear: frozenset[str]) -> None:
        self.state = state
        self.kind = kind
        self.linear = linear
        self.free = {n: s for n, s in state.items() if len(s) > 1 or self._may_be_row(n)}
        self.missing = list(kind.roles)
        self.claims: list[_Claim] = []
        self.vectors: dict[str, Shape] = {}

    def readings(self) -> Readings:
        self._called()
        self._groups()
        self._named()
        self._shaped()
        orders = list(self._unnamed()) if self.missing else [()]
        layouts = [self._layout(slots) for slots in self._ways(orders)]
        return Readings(tuple(layouts), tuple(self.vectors.items()), self.kind)

    def _fits(self, name: str, *roles: str) -> tuple[tuple[str, ...], ...]:
        linear = name in self.linear
        shape = self.free[name]
        ways = fitting(shape, roles, self.kind, linear=linear)
        if shape[-1] == 1:  # a convolution's, of kernel 1
            ways.sort(key=lambda way: [axis for axis in way if axis] == list(IN_OUT))
        return tuple(ways)

    def _claim(self, name: str, roles: tuple[str, ...]) -> None:
        beside = self.kind.beside(roles)
        self.claims.append(_Claim(name, roles, self._fits(name, *roles), beside))
        self.free.pop(name)
        self.missing = [role for role in self.missing if role not in roles]

    def _called(self) -> None:
        """What the kata has names of its own for goes by these, whatever else they could mean."""
        for role, names in self.kind.own.items():
            told = {name.lower() for name in (role, *names)}
            found = [n for n in self.free if told & _segments(n) and self._fits(n, role)]
            if len(found) == 1:
                self._claim(found[0], (role,))

    def _shaped(self) -> None:
        """A weight whose name says nothing, of a shape that one role alone has."""
        for role in list(self.missing):
            sizes = self.kind.roles
            alike = [other for other in sizes if set(sizes[other]) == set(sizes[role])]
            found = [n for n in self.free if self._fits(n, role) and not self._meant(n)]
            found = [n for n in found if len(self.free[n]) > 1] or found
            if alike == [role] and len(found) == 1:
                self._claim(found[0], (role,))

    def _meant(self, name: str) -> bool:
        """Whether a weight's name claims a role that there is and that it may have."""
        told = set(weight_roles(name)) or {r for r in self.kind.roles if speaks_of_roles(name)}
        return any(self._fits(name, role) for role in told & set(self.kind.roles))

    def _may_be_row(self, name: str) -> bool:
        """Whether what is no matrix may yet be the weight of a role with a single row."""
        rows = [width for out, width in self.kind.roles.values() if out == 1]
        return self.state[name] in [(width,) for width in rows] and not name.endswith(".bias")

    def _groups(self) -> None:
        """One weight for all of the fused roles; failing that, one for two of them."""
        fused = self.kind.fused
        for group in (fused, fused[1:], fused[:-1], self.kind.columns):
            if len(group) < 2 or any(role not in self.missing for role in group):
                continue
            found = [n for n in self.free if self._holds(n, group)]
            told = [n for n in found if weight_roles(n) == group]
            if len(told or found) == 1:
                self._claim((told or found)[0], group)

    def _holds(self, name: str, group: tuple[str, ...]) -> bool:
        """Whether a weight holds all of a group, and cannot be the weight of a single role."""
        said = weight_roles(name)
        if not self._fits(name, *group):
            return False
        if len(group) < 3 and not self.kind.beside(group) and said not in ((), group):
            return False
        return said == group or not any(self._fits(name, role) for role in self.kind.roles)

    def _named(self) -> None:
        for role in list(self.missing):
            found = [n for n in self.free if weight_roles(n) == (role,) and self._fits(n, role)]
            if len(found) == 1:
                self._claim(found[0], (role,))

    def _unnamed(self) -> Iterator[tuple[_Claim, ...]]:
        """The weights whose names say nothing, in each order in which they fit what is missing."""
        missing = self.missing
        silent = [
            name
            for name in self.free
            if not speaks_of_roles(name) and any(self._fits(name, role) for role in missing)
        ]
        numbered = _numbered(silent, len(missing))
        silent = numbered or silent
        # Whatever is more than that may be a bias, which is no matrix.
        matrices = [name for name in silent if len(self.free[name]) > 1]
        few = len(matrices) <= len(missing) <= len(silent)
        orders = [
            tuple(_Claim(n, (r,), self._fits(n, r)) for n, r in zip(order, missing, strict=True))
            for order in (itertools.permutations(silent, len(missing)) if few else ())
            if {*matrices} <= {*order}
        ]
        found = [order for order in orders if all(claim.ways for claim in order)]
        in_order = [order for order in found if [claim.name for claim in order] == numbered]
        if in_order and all(LISTED.search(name) for name in numbered):
            found = in_order  # a list says whose weight is whose: query, key, value, output
        if not found:
            raise Unmatched(self._explain(), list(self.state.values()))
        yield from found

    def _ways(self, orders: Sequence[tuple[_Claim, ...]]) -> list[tuple[Slot, ...]]:
        """Slots for each order and each way round: all alike first, then mixed."""
        found: dict[tuple[Slot, ...], None] = {}
        for order in orders:
            claims = (*self.claims, *order)
            for way in range(max(len(claim.ways) for claim in claims)):
                found[tuple(claim.slot(way) for claim in claims)] = None
        for order in orders:
            claims = (*self.claims, *order)
            for ways in itertools.product(*(range(len(claim.ways)) for claim in claims)):
                if len(found) >= MOST:
                    return list(found)
                found[tuple(c.slot(w) for c, w in zip(claims, ways, strict=True))] = None
        return list(found)[:MOST]

    def _layout(self, slots: tuple[Slot, ...]) -> Layout:
        slots += tuple(self._biases(slots))
        used = {slot.name for slot in slots}
        left = [(n, s) for n, s in self.state.items() if n not in used]
        self.vectors |= {
            n: s
            for n, s in left
            if not n.endswith(".weight") and not speaks_of_roles(n) and self._may_be_bias(s, slots)
        }
        extras = tuple(f"{n} {_shape(s)}" for n, s in left)
        return Layout(slots, extras, tuple(self.state.items()), self.kind.heads_name)

    def _may_be_bias(self, shape: Shape, slots: tuple[Slot, ...]) -> bool:
        return any(fitting(shape, s.roles, self.kind, bias=True) for s in slots if not s.bias)

    def _biases(self, slots: tuple[Slot, ...]) -> Iterator[Slot]:
        """A weight's own bias, else bare ones by their names, by size where a weight is fused."""
        weights = {slot.name for slot in slots}
        vectors = {n: s for n, s in self.state.items() if n not in weights}
        biased: set[str] = set()
        for slot in slots:
            ways = {n: fitting(s, slot.roles, self.kind, bias=True) for n, s in vectors.items()}
            partner = re.sub(r"weight$", "bias", slot.name)
            names = [partner] if partner != slot.name and ways.get(partner) else []
            if not names and slot.name not in self.linear:
                names = [n for n in vectors if ways[n] and self._speaks_of(n, slot)]
            if len(names) == 1:
                vectors.pop(names[0])
                biased |= set(slot.roles)
                yield Slot(names[0], _summed(slot), bias=True, axes=kept(ways[names[0]][0]))
        for name, shape in vectors.items():  # a fused weight may have a bare bias for each role
            role = role_of(name)
            bare = name not in self.linear and not name.endswith((".bias", ".weight"))
            if bare and role is not None and role not in biased and role in self.kind.roles:
                fits = fitting(shape, (role,), self.kind, bias=True)
                if fits:
                    yield Slot(name, (role,), bias=True, axes=kept(fits[0]))

    def _speaks_of(self, name: str, slot: Slot) -> bool:
        if len(slot.roles) > 1:
            return True  # its size alone, that of all fused rows together, tells
        return role_of(name) == slot.roles[0] and not name.endswith(".weight")

    def _explain(self) -> str:
        expected = ", ".join(f"{r} {_shape(self.kind.roles[r])}" for r in self.missing)
        found = ", ".join(f"{n} {_shape(s)}" for n, s in self.state.items()) or "no parameter"
        said = f"no weight could be matched to: {expected}. Found: {found}"
        return said + self._why()

    def _why(self) -> str:
        """What is known about a layer of this form, and the way out."""
        repeated = re.compile(r"(.*?)\.\d+\.(.+)")
        heads = [repeated.fullmatch(name) for name in self.state]
        stems = {(m.group(1), m.group(2)) for m in heads if m is not None and role_of(m.group(2))}
        if stems and "output" in self.kind.roles:
            return (
                ". Heads that are modules of their own are not graded: "
                "project once for all heads, then split"
            )
        return ""


LISTED = re.compile(r"(^|\.)\d+(\.weight)?$")
"""The name of a weight that is an element of a list."""


def _numbered(names: Sequence[str], count: int) -> list[str]:
    """Names that differ in a number alone, if they are just so many, in the order of numbers."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(re.sub(r"\d+", "", name), []).append(name)
    for same in stems.values():
        if len(same) == count and all(re.search(r"\d", name) for name in same):
            return sorted(same, key=lambda n: [int(d) for d in re.findall(r"\d+", n)])
    return []


def _segments(name: str) -> set[str]:
    """The parts of a dotted name, without the `weight` of a layer."""
    return set(re.sub(r"\.weight$", "", name).lower().split("."))


def _summed(slot: Slot) -> tuple[str, ...]:
    """Whose bias is a weight's: one for all of what lies side by side, given to the first."""
    return slot.roles[:1] if slot.beside else slot.roles


def _is_biased(slot: Slot, layout: Layout) -> bool:
    return any(layout.biased(role) for role in slot.roles)


def _completed(slots: tuple[Slot, ...], layout: Layout) -> Layout:
    """The layout with more slots, and so with fewer extras."""
    used = {slot.name for slot in slots}
    extras = tuple(f"{n} {_shape(s)}" for n, s in layout.found if n not in used)
    return replace(layout, slots=slots, extras=extras)


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
