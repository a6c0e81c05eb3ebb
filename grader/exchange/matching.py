"""Whose weight is which: match a layer's parameters to the roles of the kata, by name and shape.

People call the query projection `W_q`, `q_proj`, `to_q` or `linears.0`, keep the three apart or
fuse them, and store a bare matrix as (in, out).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from grader.exchange.layout import Layout, Slot

SYNONYMS = {
    "query": {"q", "query", "queries", "qs"},
    "key": {"k", "key", "keys", "ks"},
    "value": {"v", "value", "values", "val", "vs"},
    "output": {"o", "out", "output", "outputs", "dense", "final", "merge", "combine"},
}


NOISE = set(
    "fc w b weight weights bias proj projection linear lin layer to f net matrix mat attn "
    "attention self head heads mha fn map transform wt param p m".split()
)


GLUED = re.compile(
    r"^(?:w|b|fc|lin|linear|to|proj|weight|bias)?"
    r"(q|query|queries|k|key|keys|v|value|values|o|out|output)"
    r"(?:w|b|fc|lin|linear|proj|projection|layer|weight|bias|net|mat|matrix)?$"
)


class Unmatched(Exception):
    """Some role has no weight; the message lists what was expected and what was found."""

    def __init__(self, message: str, shapes: Sequence[tuple[int, ...]] = ()) -> None:
        super().__init__(message)
        self.shapes = tuple(shapes)


def role_of(name: str) -> str | None:
    """The role a parameter's name speaks of, or None."""
    for segment in reversed(re.sub(r"\.(weight|bias)$", "", name).split(".")):
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", segment).lower()
        tokens = [t for t in re.split(r"[_\d]+", words) if t and t not in NOISE]
        if words in {"c_proj", "fc"}:
            return "output"
        if not tokens:
            continue
        # A filler word beside the role, as in `query_features`, does not hide it; two roles do.
        told = {_token_role(t) for t in tokens} - {None}
        return told.pop() if len(told) == 1 else None
    return None


def _token_role(token: str) -> str | None:
    for role, names in SYNONYMS.items():
        if token in names:
            return role
    glued = GLUED.match(token)
    return _token_role(glued.group(1)) if glued and glued.group(1) != token else None


def match(
    state: Sequence[tuple[str, tuple[int, ...]]],
    roles: Mapping[str, tuple[int, int]],
    fused: Sequence[str] = (),
    linear: Collection[str] | None = None,
    own: Mapping[str, Collection[str]] | None = None,
) -> Layout:
    """Find every role's weight and bias among the parameters; raises Unmatched.

    `linear` names the weights that belong to an `nn.Linear`, stored (out, in); all others are bare,
    and without it a weight is taken for linear by its name. `own` has what the kata calls a role's
    weight, beside the names that the field has for the usual ones.
    """
    names = [name for name, _ in state]
    if linear is None:
        linear = [name for name in names if name.endswith(".weight")]
    bare = {name for name in names if name not in linear}
    return _Matcher(dict(state), dict(roles), tuple(fused), bare, own or {}).layout()


class _Matcher:
    """The search itself: each step claims parameters and the roles they hold."""

    def __init__(
        self,
        state: dict[str, tuple[int, ...]],
        roles: dict[str, tuple[int, int]],
        fused: tuple[str, ...],
        bare: set[str],
        own: Mapping[str, Collection[str]],
    ) -> None:
        self.own = own
        self.state = state
        self.roles = roles
        self.free = {n: s for n, s in state.items() if len(s) == 2}
        self.missing = dict(roles)
        self.fused = fused
        self.bare = bare
        self.slots: list[Slot] = []

    def layout(self) -> Layout:
        self._called()
        self._fused()
        self._numbered()
        self._named()
        self._shaped()
        self._left_over()
        if self.missing:
            raise Unmatched(self._explain(), list(self.state.values()))
        self._biases()
        used = {slot.name for slot in self.slots}
        extras = tuple(f"{n} {_shape(s)}" for n, s in self.state.items() if n not in used)
        return Layout(tuple(self.slots), extras, tuple(self.state.items()))

    def _claim(self, name: str, roles: tuple[str, ...], *, transposed: bool) -> None:
        self.slots.append(Slot(name, roles, transposed))
        self.free.pop(name)
        for role in roles:
            self.missing.pop(role)

    def _called(self) -> None:
        """What the kata has names of its own for goes by these, whatever else they could mean."""
        for role, names in self.own.items():
            told = {name.lower() for name in (role, *names)}
            fitting = [n for n in self.free if told & _segments(n) and self._fits(n, role)]
            if len(fitting) == 1:
                self._claim(fitting[0], (role,), transposed=self._turned(fitting[0], role))

    def _shaped(self) -> None:
        """A weight whose name says nothing, of a shape that one role alone has."""
        for role in list(self.missing):
            alike = [r for r in self.roles if set(self.roles[r]) == set(self.roles[role])]
            fitting = [n for n in self.free if role_of(n) is None and self._fits(n, role)]
            if alike == [role] and len(fitting) == 1:
                self._claim(fitting[0], (role,), transposed=self._turned(fitting[0], role))

    def _fused(self) -> None:
        """One weight for all of the fused roles; failing that, one for key and value."""
        for group in (self.fused, self.fused[1:]):
            if len(group) < 2 or any(role not in self.missing for role in group):
                continue
            out, width = sum(self.roles[r][0] for r in group), self.roles[group[0]][1]
            for shape, transposed in (((out, width), False), ((width, out), True)):
                fitting = [n for n, s in self.free.items() if s == shape]
                if len(fitting) == 1 and self.state[fitting[0]] not in self.roles.values():
                    self._claim(fitting[0], group, transposed=transposed)
                    break

    def _fits(self, name: str, role: str) -> bool:
        out, width = self.roles[role]
        return self.free[name] in (
            (out, width),
            (width, out) if name in self.bare else (out, width),
        )

    def _turned(self, name: str, role: str) -> bool:
        """A bare matrix is read as (in, out) unless its shape says otherwise."""
        out, width = self.roles[role]
        return name in self.bare and self.free[name] == (width, out)

    def _numbered(self) -> None:
        """`linears.0` … `linears.3`: in the order query, key, value, output."""
        lists: dict[str, list[str]] = {}
        for name in self.free:
            stem = re.sub(r"\.?\d+(\.weight)?$", "", name)
            if stem != name and role_of(name) is None:
                lists.setdefault(stem, []).append(name)
        wanted = list(self.missing)
        for names in lists.values():
            names.sort(key=lambda n: [int(d) for d in re.findall(r"\d+", n)])
            for count in (len(wanted), 3):
                chosen = wanted[:count]
                pairs = list(zip(names, chosen, strict=False))
                if len(names) == count == len(chosen) and all(self._fits(n, r) for n, r in pairs):
                    for name, role in pairs:
                        self._claim(name, (role,), transposed=self._turned(name, role))
                    return

    def _named(self) -> None:
        for role in list(self.missing):
            fitting = [n for n in self.free if role_of(n) == role and self._fits(n, role)]
            if len(fitting) == 1:
                self._claim(fitting[0], (role,), transposed=self._turned(fitting[0], role))

    def _left_over(self) -> None:
        """An output projection may have any name when it is the only weight left."""
        fitting = [n for n in self.free if "output" in self.missing and self._fits(n, "output")]
        if list(self.missing) == ["output"] and len(fitting) == 1:
            self._claim(fitting[0], ("output",), transposed=self._turned(fitting[0], "output"))

    def _biases(self) -> None:
        vectors = {n: s for n, s in self.state.items() if len(s) == 1}
        for slot in list(self.slots):
            size = (sum(self.roles[r][0] for r in slot.roles),)
            partner = re.sub(r"weight$", "bias", slot.name)
            names = [partner] if partner != slot.name and vectors.get(partner) == size else []
            if not names and slot.name in self.bare:
                names = [n for n, s in vectors.items() if s == size and self._speaks_of(n, slot)]
            if len(names) == 1:
                vectors.pop(names[0])
                self.slots.append(Slot(names[0], slot.roles, bias=True))
        biased = {role for slot in self.slots if slot.bias for role in slot.roles}
        for name, shape in vectors.items():  # a fused weight may have a bare bias for each role
            role = role_of(name)
            bare = name in self.bare and not name.endswith((".bias", ".weight"))
            if bare and role not in biased and role in self.roles:
                fits = shape == (self.roles[role][0],)
                self.slots += [Slot(name, (role,), bias=True)] if fits else []

    def _speaks_of(self, name: str, slot: Slot) -> bool:
        if len(slot.roles) > 1:
            return True  # its size alone, that of all fused rows together, tells
        return role_of(name) == slot.roles[0]

    def _explain(self) -> str:
        expected = ", ".join(f"{r} {_shape(self.roles[r])}" for r in self.missing)
        found = ", ".join(f"{n} {_shape(s)}" for n, s in self.state.items()) or "no parameter"
        return f"no weight could be matched to: {expected}. Found: {found}"


def _segments(name: str) -> set[str]:
    """The parts of a dotted name, without the `weight` of a layer."""
    return set(re.sub(r"\.weight$", "", name).lower().split("."))


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
