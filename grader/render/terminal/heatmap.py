"""Attention weights as shades: the candidate's beside the true ones."""

from __future__ import annotations

import math

from rich.table import Table
from rich.text import Text

from grader.report.verdict import Heatmap

SHADES = " ░▒▓█"


def draw(heatmap: Heatmap) -> Table:
    """Two matrices side by side: a row for each query, a column for each key."""
    table = Table.grid(padding=(0, 3))
    table.add_column()
    table.add_column()
    table.add_row(
        Text(f"your weights, {heatmap.caption}", "bold"), Text("the true weights", "bold")
    )
    for mine, true in zip(heatmap.candidate, heatmap.truth, strict=True):
        table.add_row(_row(mine), _row(true))
    table.add_row(Text("rows are queries, columns keys; full is 1", "dim"), Text(""))
    return table


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
