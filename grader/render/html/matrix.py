"""Attention weights as squares to be drawn: where each lies, how strong it is, what it says.

Colour is never the only word: numbers stand in the squares of small matrices, differences carry a
sign, what is no number is crossed out, and what no weight should be (below 0, above 1) is framed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.report.verdict import Heatmap

SIDE = 40
"""Of a square, in units of the drawing."""
MARGIN = 34
"""Left of and above the squares, for the axes."""
NUMBERED = 8
"""Keys up to which numbers fit into the squares."""
SLACK = 0.02
"""How far beyond 0 and 1 is still a rounding."""
FAINTEST_SCALE = 0.05
"""Differences are drawn on a scale no finer than this, or roundings would look like mistakes."""

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Square:
    """One weight."""

    x: float
    y: float
    kind: str
    """`weight`, `more` or `less` (of a difference), or `nan`."""
    strength: float
    """How much of its colour it gets, from 0 to 1."""
    label: str
    """What stands in it, where there is room."""
    title: str
    """What is said of it on hover."""
    odd: bool = False
    """Whether no attention weight should be that large or small."""

    @property
    def ground(self) -> str:
        """What its label has to be readable on: paper and night differ about `mid`."""
        return "strong" if self.strength > 0.7 else "mid" if self.strength > 0.58 else "weak"


@dataclass(frozen=True)
class Picture:
    """One matrix, ready to be drawn."""

    title: str
    squares: tuple[Square, ...]
    rows: int
    columns: int
    legend: tuple[tuple[str, float, str], ...]
    """Kind, strength and label of sample squares."""

    @property
    def width(self) -> int:
        """Of the drawing."""
        return MARGIN + self.columns * SIDE + 2

    @property
    def height(self) -> int:
        """Of the drawing."""
        return MARGIN + self.rows * SIDE + 2

    @property
    def columns_at(self) -> list[float]:
        """The middles of the columns."""
        return [MARGIN + (i + 0.5) * SIDE for i in range(self.columns)]

    @property
    def rows_at(self) -> list[float]:
        """The middles of the rows."""
        return [MARGIN + (i + 0.5) * SIDE for i in range(self.rows)]

    @property
    def numbered(self) -> bool:
        """Whether labels fit into the squares."""
        return self.columns <= NUMBERED


WEIGHTS_LEGEND = tuple(("weight", s, text) for s, text in ((0, "0"), (0.5, "½"), (1, "1")))


def pictures(heatmap: Heatmap) -> tuple[Picture, ...]:
    """Yours, the true one, and what lies between them where the two can be compared."""
    shown = [
        _picture("yours", heatmap.candidate, _weight, WEIGHTS_LEGEND),
        _picture("true", heatmap.truth, _weight, WEIGHTS_LEGEND),
    ]
    if [len(r) for r in heatmap.candidate] == [len(r) for r in heatmap.truth]:
        shown.append(_difference(heatmap))
    return tuple(shown)


def _difference(heatmap: Heatmap) -> Picture:
    pairs = zip(heatmap.candidate, heatmap.truth, strict=True)
    apart = [[mine - true for mine, true in zip(*rows, strict=True)] for rows in pairs]
    finite = [abs(d) for row in apart for d in row if math.isfinite(d)]
    most = max([FAINTEST_SCALE, *finite])
    legend = (("less", 1.0, signed(-most)), ("weight", 0.0, "0"), ("more", 1.0, signed(most)))

    def square(value: float) -> tuple[str, float, str, bool]:
        kind = "more" if value > 0 else "less"
        return kind, min(abs(value) / most, 1.0), signed(value), False

    return _picture("difference", apart, square, legend)


def _weight(value: float) -> tuple[str, float, str, bool]:
    odd = value > 1 + SLACK or value < -SLACK
    return "weight", min(max(value, 0.0), 1.0), unsigned(value), odd


def _picture(
    title: str,
    matrix: Matrix,
    square: Callable[[float], tuple[str, float, str, bool]],
    legend: tuple[tuple[str, float, str], ...],
) -> Picture:
    squares = []
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            kind, strength, label, odd = square(value)
            if math.isnan(value):
                kind, strength, label = "nan", 0.0, "NaN"
            said = f"query {i}, key {j}: {label if math.isnan(value) else f'{value:.4g}'}"
            x, y = MARGIN + j * SIDE, MARGIN + i * SIDE
            squares.append(Square(x, y, kind, round(strength, 3), label, said, odd))
    columns = max((len(row) for row in matrix), default=0)
    return Picture(title, tuple(squares), len(matrix), columns, legend)


def unsigned(value: float) -> str:
    """A weight in four characters or so: `.18`, `1`, `−12`, `∞`."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 9.95:
        text = (
            f"{value:.0f}"
            if abs(value) < 1000
            else f"{value:.0e}".replace("+0", "").replace("+", "")
        )
    else:
        text = f"{value:.2f}" if abs(value) < 0.995 else f"{value:.1f}".removesuffix(".0")
    text = text.replace("0.00", "0").replace("0.", ".") if abs(value) < 0.995 else text
    return text.replace("-0", "0") if text == "-0" else text.replace("-", "−")


def signed(value: float) -> str:
    """A difference, with its sign unless it is nothing."""
    text = unsigned(value)
    return f"+{text}" if value > 0 and text != "0" else text
