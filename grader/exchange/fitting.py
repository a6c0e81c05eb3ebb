"""Whether a parameter of some shape can hold the weights of some roles, and how it then lies."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.exchange.layout import IN_OUT, OUT_IN, VECTOR, letter_sizes

APART = (("h", "gi", "o"), ("gi", "h", "o"), ("h", "o", "gi"))
"""The axes of one role's weight that keeps heads apart: (H, D, d), (D, H, d), (H, d, D)."""
MERGING = (("g", "i", "ho"), ("ho", "g", "i"), ("g", "ho", "i"))
"""The same for the output's: (H, d, D), (D, H, d), (H, D, d)."""
STACKED = (
    ("r", "gi", "ho"), ("r", "ho", "gi"), ("gi", "r", "ho"), ("r", "h", "gi", "o"),
    ("r", "gi", "h", "o"), ("gi", "r", "h", "o"), ("r", "h", "o", "gi"), ("h", "gi", "ro"),
)  # fmt: skip
"""The axes of several roles' weights in one: (3, D, D), …, (3, H, D, d), …, (H, D, 3d)."""
VECTORS = (("rho",), ("r", "ho"), ("h", "o"), ("r", "h", "o"))
"""The axes of a bias: (out,), (3, D), (H, d), (3, H, d), ones anywhere among them."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """What a kata's weights are: the sizes (out, in) of each role, what may be fused, the heads."""

    roles: Mapping[str, tuple[int, int]]
    fused: tuple[str, ...] = ()
    heads: int = 1
    heads_name: str = ""
    own: Mapping[str, Collection[str]] = field(default_factory=dict)
    """What the kata calls a role's weight, beside the names that the field has."""
    columns: tuple[str, ...] = ()
    """Roles that may share one weight side by side: what it projects is their inputs, joined."""

    def beside(self, roles: tuple[str, ...]) -> bool:
        """Whether these share a weight side by side, and not one below the other."""
        return len(roles) > 1 and roles == self.columns


def fitting(
    shape: Shape, roles: tuple[str, ...], kind: Kind, *, bias: bool = False, linear: bool = False
) -> list[tuple[str, ...]]:
    """The axes under which a parameter of this shape holds these roles, the most usual first."""
    sizes = [kind.roles[role] for role in roles]
    if kind.beside(roles):
        return _side_by_side(shape, sizes, bias=bias, linear=linear)
    rows, width = sum(out for out, _ in sizes), 1 if bias else sizes[0][1]
    if not bias and any(each != width for _, each in sizes):
        return []
    letters = letter_sizes(roles, kind.roles, kind.heads)
    if bias:
        letters |= {"g": 1, "i": 1}
    known = {axis: math.prod(letters[letter] for letter in axis) for axis in _axes_of(roles, bias)}
    known |= {"rho": rows, "gi": width}
    equal = len({out for out, _ in sizes}) == 1
    found = []
    for axes in _patterns(roles, kind, bias=bias, linear=linear):
        plain = "rho" in axes
        if (plain or equal) and (spelled := _spelled(shape, axes, known)) is not None:
            found.append(spelled)
    if not (found or bias or linear) and rows == 1:  # a single row may be no matrix
        spelled = _spelled(shape, VECTOR, known)
        return [] if spelled is None else [spelled]
    return found


def _side_by_side(
    shape: Shape, sizes: Sequence[tuple[int, int]], *, bias: bool, linear: bool
) -> list[tuple[str, ...]]:
    """The same for roles whose columns lie in one row; their bias is that of their sum."""
    rows, width = sizes[0][0], sum(each for _, each in sizes)
    if any(out != rows for out, _ in sizes):
        return []
    known = {"rho": rows, "gi": width}
    patterns = (("rho",),) if bias else (OUT_IN,) if linear else (IN_OUT, OUT_IN)
    found = (_spelled(shape, axes, known) for axes in patterns)
    return [spelled for spelled in found if spelled is not None]


def _axes_of(roles: tuple[str, ...], bias: bool) -> set[str]:
    patterns = VECTORS if bias else (*APART, *MERGING, *STACKED)
    return {axis for axes in patterns for axis in axes if axis != "rho"} if roles else set()


def _patterns(
    roles: tuple[str, ...], kind: Kind, *, bias: bool, linear: bool
) -> Iterator[tuple[str, ...]]:
    if bias:
        yield from VECTORS if len(roles) > 1 else (VECTORS[0], VECTORS[2])
        return
    if linear:
        yield OUT_IN
        return
    yield from (IN_OUT, OUT_IN)
    if len(roles) > 1:
        yield from STACKED
    elif kind.heads > 1:
        yield from MERGING if roles == ("output",) else APART


def _spelled(
    shape: Shape, axes: tuple[str, ...], known: Mapping[str, int]
) -> tuple[str, ...] | None:
    """These axes for this shape, with "" for axes of size 1 between them; None where unlike."""
    if tuple(known[axis] for axis in axes) == shape:
        return axes
    core = [size for size in shape if size != 1]
    if len(shape) <= len(axes) or core != [known[axis] for axis in axes]:
        return None
    left = iter(axes)
    return tuple("" if size == 1 else next(left) for size in shape)


def kept(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes of a slot that is no plain matrix or vector."""
    return () if axes in (IN_OUT, OUT_IN, ("rho",)) else axes
