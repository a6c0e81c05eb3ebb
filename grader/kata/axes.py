"""Axes are words: what each size of a tensor is called, and what follows from it.

`"B num_heads S S"` is a tensor of four axes, the last two of one size. A word is a size: one that a
constructor parameter is called by has that parameter's value, every other is free, and the same
word is the same size wherever it stands. `…` (or `...`) in front is any number of leading axes,
the same for all arguments of a call, none included.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LEAD = "…"
OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.FloorDiv: operator.floordiv,
}


@dataclass(frozen=True)
class Axes:
    """The axes of one tensor, by name."""

    words: tuple[str, ...]
    lead: bool = False
    """Whether any number of leading axes may stand before the words."""

    @classmethod
    def parse(cls, text: str) -> Axes:
        """Read `"B S hidden_dim"` or `"… L d_k"`; raises ValueError where that is not one."""
        words = text.replace("...", LEAD).split()
        lead = words[:1] == [LEAD]
        named = tuple(words[lead:])
        wrong = [word for word in named if not word.isidentifier()]
        if wrong or not words:
            raise ValueError(f"{text!r} is no list of axes: words such as B, S, hidden_dim")
        return cls(named, lead)

    def __str__(self) -> str:
        return " ".join((*((LEAD,) if self.lead else ()), *self.words))

    def shape(self, sizes: Mapping[str, int], lead: Sequence[int] = ()) -> tuple[int, ...]:
        """The shape for these sizes; `lead` is what stands for the leading axes."""
        return (*(lead if self.lead else ()), *(sizes[word] for word in self.words))

    def places(self, word: str) -> tuple[int, ...]:
        """The dimensions of that size, counted from the end: −1 is the last."""
        return tuple(n - len(self.words) for n, one in enumerate(self.words) if one == word)

    def spoken(self, shape: Sequence[int]) -> str:
        """The names for a shape, `(B, S, hidden_dim)`; empty where it has not these axes."""
        free = len(shape) - len(self.words)
        if free < 0 or (free and not self.lead):
            return ""
        lead = (LEAD,) if self.lead else ()
        return f"({', '.join((*lead, *self.words))})"


def size(expression: str | int, known: Mapping[str, int]) -> int:
    """A size by arithmetic on names: `"num_kv_heads * hidden_dim / num_heads"`.

    Division is whole. Raises ValueError where it is no such arithmetic, or a name is not known.
    """
    try:
        return _value(ast.parse(str(expression), mode="eval").body, known)
    except (SyntaxError, KeyError, ZeroDivisionError, TypeError) as error:
        raise ValueError(f"{expression!r} is no size: {error}") from None


def _value(node: ast.expr, known: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return int(known[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(left, known), _value(right, known))
    raise TypeError("only names, whole numbers and + - * / are allowed")
