"""Attention weights as shades: the candidate's beside the true ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.text import Text

from grader.report.by_hand import Matrix
from grader.report.verdict import Heatmap

SHADES = " ░▒▓█"


INDENT, BESIDE = 3, 3
"""Columns before the matrices, and between them."""


@dataclass(frozen=True)
class Pictures:
    """Two matrices, side by side or, where there is no room for that, one below the other."""

    heatmap: Heatmap

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        mine = [Text(f"your weights, {self.heatmap.caption}", "bold")]
        true = [Text("the true weights", "bold")]
        mine += [_row(weights) for weights in self.heatmap.candidate]
        true += [_row(weights) for weights in self.heatmap.truth]
        wide = max(line.cell_len for line in mine) + BESIDE
        both = zip(mine, true, strict=True)
        lines = [Text.assemble(f, " " * (wide - f.cell_len), s) for f, s in both]
        if INDENT + wide + max(line.cell_len for line in true) > options.max_width:
            lines = [*mine, *true]
        lines.append(Text("rows are queries, columns keys; full is 1", "dim"))
        for line in lines:
            yield Text.assemble(" " * INDENT, line)


@dataclass(frozen=True)
class Matrices:
    """Several under their names, as many side by side as there is room for."""

    pictures: tuple[tuple[str, Matrix], ...]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        drawn = [
            [Text(name, "bold"), *(_percents(weights) for weights in matrix)]
            for name, matrix in self.pictures
        ]
        wide = max(line.cell_len for lines in drawn for line in lines) + BESIDE
        abreast = max(1, (options.max_width - INDENT + BESIDE) // wide)
        for first in range(0, len(drawn), abreast):
            for lines in zip(*drawn[first : first + abreast], strict=True):
                padded = (Text.assemble(line, " " * (wide - line.cell_len)) for line in lines)
                row = Text.assemble(" " * INDENT, *padded)
                row.rstrip()
                yield row
            yield Text()
        yield Text.assemble(" " * INDENT, ("rows are queries, columns keys; in percent", "dim"))


def _percents(weights: tuple[float, ...]) -> Text:
    """A row in whole percent, each with its shade."""
    line = Text("▕")
    for weight in weights:
        percent = f"{100 * weight:.0f}"
        line.append(f"{_cell(weight)[0]}{percent:>2} " if weight < 0.995 else "100 ", "cyan")
    return line.append("▏")


def _row(weights: tuple[float, ...]) -> Text:
    line = Text("▕")
    for weight in weights:
        line.append(_cell(weight), "cyan" if weight >= 0 else "red")
    return line.append("▏")


def _cell(weight: float) -> str:
    if math.isnan(weight):
        return "NaN"
    if weight > 1.02 or weight < -0.02:
        return f"{weight:3.0f}"[:3]
    level = round(min(max(weight, 0.0), 1.0) * (len(SHADES) - 1) + 0.25 * (weight > 0.02))
    return SHADES[min(level, len(SHADES) - 1)] * 3
